/** A failure whose sentence is known to hold no value of a token or secret: logs and statuses may quote it. */
export class QuotableFailure extends Error {}

/** Why something failed, fit for logs and status: of an error that may not be quoted, its kind alone. */
export function reasonOf(error: unknown): string {
  if (error instanceof QuotableFailure) return error.message;
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code)) return `it failed unexpectedly (${code})`;
  return `it failed unexpectedly (${error instanceof Error ? error.name : typeof error})`;
}
