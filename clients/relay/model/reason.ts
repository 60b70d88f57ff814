/** A failure whose message contains no value of a token or secret, so that logs and statuses may quote it. */
export class QuotableFailure extends Error {}

/** Returns the reason of a failure for logs and statuses. Of an error that may not be quoted, only its type. */
export function reasonOf(error: unknown): string {
  if (error instanceof QuotableFailure) return error.message;
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code)) return `it failed unexpectedly (${code})`;
  return `it failed unexpectedly (${error instanceof Error ? error.name : typeof error})`;
}
