/** A JSON Pointer (RFC 6901) to something in an answer; not the empty one, which is all of it. */
export const JSON_POINTER = /^(\/([^~/]|~[01])*)+$/;

/** What a JSON Pointer leads to; nothing where there is no such place. */
export function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const step of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined;
    // `~1` first, so that `~01` stays `~1` (RFC 6901 4).
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value) && !/^(0|[1-9]\d{0,9})$/.test(key)) return undefined;
    value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value;
}
