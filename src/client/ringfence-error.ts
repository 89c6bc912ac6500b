import { rejectName } from '../core/codes.js';

/** Why a command or a connection failed. `code` is a reject code, `name` its UPPER_SNAKE name, `text` a sentence. */
export class RingfenceError extends Error {
  readonly code: number;
  readonly text: string;

  constructor(code: number, text: string) {
    super(`${rejectName(code)}: ${text}`);
    this.name = rejectName(code);
    this.code = code;
    this.text = text;
  }
}

/** No gateway could be reached, or none that takes orders, for longer than the options allow. */
export class ConnectionError extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'ConnectionError';
  }
}
