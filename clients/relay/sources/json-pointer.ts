/** A JSON Pointer (RFC 6901) to a value in a response. Excludes the empty pointer, which means the whole document. */
export const JSON_POINTER = /^(\/([^~/]|~[01])*)+$/;

/** Returns the value at a JSON Pointer, or undefined if there is none. */
export function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const step of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined;
    // Replace `~1` first, so that `~01` becomes `~1` (RFC 6901 4).
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value) && !/^(0|[1-9]\d{0,9})$/.test(key)) return undefined;
    value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value;
}
