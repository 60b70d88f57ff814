/** Where a value is written in a file: a mapping or list, and the key in it. */
export interface Origin {
  in: object;
  key?: string | number | undefined;
}

/** The origins of values that are not nodes of the file: copies, and values that were parsed from a string. */
const origins = new WeakMap<object, Origin>();

/** Records the origin of a value that was copied, or parsed from a string. */
export function noteOrigin(value: object, origin: Origin): void {
  origins.set(value, origin);
}

/** Returns where a value is written. A value that is in the file itself is its own origin. */
export function originOf(at: Origin): Origin {
  const origin = origins.get(at.in);
  if (origin === undefined) return at;
  return originOf(origin.key === undefined ? { in: origin.in, key: at.key } : origin);
}
