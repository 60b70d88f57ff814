/** The path of a value in the configuration: keys, and indexes in lists. */
export type Path = readonly (string | number)[];

/** An error in the configuration. */
export interface Fault {
  path: Path;
  /** The rest of a sentence that begins with the path. Never contains a value that may be a secret. */
  problem: string;
  /** Whether the key or the value is wrong, for the position. Default: the value. */
  of?: 'key' | 'value';
}

/** Formats a path for people: `tokens[0].output.permissions`. */
export function written(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const key = /^[\w.<-]{1,64}$/.test(step) ? step : JSON.stringify(step.slice(0, 64));
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/**
 * Formats a path with dots only: `resource_servers.0.audiences`. Quotes keys with unusual characters, and shortens keys
 * that are too long.
 */
export function dotted(path: Path): string {
  return path
    .map((step) => (/^[\x21-\x7e]{1,256}$/.test(String(step)) ? step : JSON.stringify(String(step).slice(0, 64))))
    .join('.');
}

/** Reports whether a value is a mapping of keys to values. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the value at a path, or `undefined` if the path does not exist. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (typeof step === 'number') return Array.isArray(inner) ? inner[step] : undefined;
    return isMapping(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined;
  }, value);
}
