export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface Ids {
  /** Returns a new random token ID: a UUID version 4 (RFC 9562). */
  next(): string;
}

/** A failed call to a dependency, which was throttled, slow, down or misconfigured. The caller may retry. */
export class DependencyFault extends Error {
  override readonly name = 'DependencyFault';
  readonly dependency: string;

  /** @param dependency the name of the dependency, e.g. `KMS` */
  constructor(dependency: string, cause: unknown) {
    super(`${dependency} failed: ${cause instanceof Error ? cause.name : 'unknown'}`, { cause });
    this.dependency = dependency;
  }
}
