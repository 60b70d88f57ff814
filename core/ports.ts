export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface Ids {
  /** A fresh random token id: a UUID version 4 (RFC 9562). */
  next(): string;
}

/** A dependency did not do its part: throttled, slow, down or misconfigured. The caller may try again. */
export class DependencyFault extends Error {
  override readonly name = 'DependencyFault';
  readonly dependency: string;

  /** @param dependency which one, in a word, e.g. `KMS` */
  constructor(dependency: string, cause: unknown) {
    super(`${dependency} failed: ${cause instanceof Error ? cause.name : 'unknown'}`, { cause });
    this.dependency = dependency;
  }
}
