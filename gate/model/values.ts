/** A mapping of a manifest. */
export type Mapping = Record<string, unknown>;

const EMPTY: Mapping = Object.freeze({});

/** Whether a value is a mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The mapping that a value is, or else an empty one: what is not there holds nothing to find. */
export function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : EMPTY;
}

/** The elements that a value has, or else none. */
export function elements(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The elements that are mappings. */
export function mappings(value: unknown): Mapping[] {
  return elements(value).filter(isMapping);
}

/** The elements that are text. */
export function texts(value: unknown): string[] {
  return elements(value).filter((element) => typeof element === 'string');
}

/** The text that a value is, or else nothing. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Whether a value is true, also to those parsers of Kubernetes for which `yes` and `on` are. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(?:true|yes|on|y)$/i.test(value));
}

/** Whether a value is false, also to those parsers of Kubernetes for which `no` and `off` are. */
export function isFalse(value: unknown): boolean {
  return value === false || (typeof value === 'string' && /^(?:false|no|off|n)$/i.test(value));
}
