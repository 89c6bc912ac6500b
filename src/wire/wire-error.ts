/** A message that cannot be encoded or decoded. Thrown at the edges only; the hot path returns codes. */
export class WireError extends Error {
  /** One of RejectCode. */
  readonly code: number;
  /** `message.field` that is wrong, or '' when it is not about one field. */
  readonly field: string;

  constructor(code: number, field: string, text: string) {
    super(field === '' ? text : `${field}: ${text}`);
    this.name = 'WireError';
    this.code = code;
    this.field = field;
  }
}
