import { RejectCode, type RejectName } from '../../core/codes.js';

/** A line of input that makes no command: the code, the field (or '') and one sentence that names what is allowed. */
export class LineError extends Error {
  readonly code: number;
  readonly codeName: RejectName;
  readonly field: string;

  constructor(name: RejectName, field: string, message: string) {
    super(message);
    this.code = RejectCode[name];
    this.codeName = name;
    this.field = field;
  }
}
