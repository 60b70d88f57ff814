/** A mapping of a manifest. */
export type Mapping = Record<string, unknown>;

const EMPTY: Mapping = Object.freeze({});

/** Reports whether a value is a mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the value if it is a mapping, otherwise an empty mapping. */
export function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : EMPTY;
}

/** Returns the value if it is an array, otherwise an empty array. */
export function elements(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns the elements that are mappings. */
export function mappings(value: unknown): Mapping[] {
  return elements(value).filter(isMapping);
}

/** Returns the elements that are text. */
export function texts(value: unknown): string[] {
  return elements(value).filter((element) => typeof element === 'string');
}

/** Returns the value if it is text, otherwise `undefined`. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Reports whether a value is true. Some Kubernetes parsers also read `yes` and `on` as true. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(?:true|yes|on|y)$/i.test(value));
}

/** Reports whether a value is false. Some Kubernetes parsers also read `no` and `off` as false. */
export function isFalse(value: unknown): boolean {
  return value === false || (typeof value === 'string' && /^(?:false|no|off|n)$/i.test(value));
}
