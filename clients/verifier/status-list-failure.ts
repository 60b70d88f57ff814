/** A failure that leaves the revocation status unknown. The message is one sentence without a token. */
export class StatusListFailure extends Error {
  override readonly name = 'StatusListFailure';
  /** The value of the `Retry-After` header. */
  readonly retryAfter: string | undefined;

  constructor(sentence: string, retryAfter?: string) {
    super(sentence);
    this.retryAfter = retryAfter;
  }
}
