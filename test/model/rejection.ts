/**
 * Thrown by a rule of the reference engine, always before the first change of state. It is no Error, because nobody
 * looks at a stack: a reject is an ordinary outcome.
 */
export class Rejection {
  readonly code: number;

  constructor(code: number) {
    this.code = code;
  }
}
