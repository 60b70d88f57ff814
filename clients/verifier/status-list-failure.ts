/** Why nobody knows whether a token was revoked: one sentence, without a token. */
export class StatusListFailure extends Error {
  override readonly name = 'StatusListFailure';
  /** The header `Retry-After`, as it was sent. */
  readonly retryAfter: string | undefined;

  constructor(sentence: string, retryAfter?: string) {
    super(sentence);
    this.retryAfter = retryAfter;
  }
}
