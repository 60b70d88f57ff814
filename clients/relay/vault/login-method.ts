/** One of Vault's auth methods: where it is mounted, and what it is sent. */
export interface LoginMethod {
  readonly mount: string;
  /** @throws {SourceFailure} when something that it takes is not there */
  body(signal: AbortSignal): Promise<Record<string, unknown>>;
}
