/** One of Vault's auth methods: its mount and the body of the login request. */
export interface LoginMethod {
  readonly mount: string;
  /** Returns the body of the login request. @throws {SourceFailure} if a secret is missing */
  body(signal: AbortSignal): Promise<Record<string, unknown>>;
}
