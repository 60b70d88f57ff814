/** Where something stands in the configuration: keys, and numbers in lists. */
export type Place = readonly (string | number)[];

/** Something that is wrong with the configuration. */
export interface Fault {
  place: Place;
  /** The rest of a sentence that begins with the place. It holds no value of the file that may be a secret. */
  problem: string;
  /** Which of the two is wrong, for its position: the value, unless said otherwise. */
  of?: 'key' | 'value';
}

/** A place as people write it: `tokens[0].output.permissions`. */
export function written(place: Place): string {
  return place.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const key = /^[\w.<-]{1,64}$/.test(step) ? step : JSON.stringify(step.slice(0, 64));
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** The same with dots alone: `resource_servers.0.audiences`. A key that could break a line, or fill it, is quoted. */
export function dotted(place: Place): string {
  return place
    .map((step) => (/^[\x21-\x7e]{1,256}$/.test(String(step)) ? step : JSON.stringify(String(step).slice(0, 64))))
    .join('.');
}

/** Whether a value is a mapping of keys to values. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at a place; nothing where there is no such place. */
export function valueAt(value: unknown, place: Place): unknown {
  return place.reduce<unknown>((inner, step) => {
    if (typeof step === 'number') return Array.isArray(inner) ? inner[step] : undefined;
    return isMapping(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined;
  }, value);
}
