/** Thrown by a rule of the reference engine, always before the first change of state. */
export class Rejection extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`rejected with ${code}`);
    this.code = code;
  }
}
