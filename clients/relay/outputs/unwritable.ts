/** Why a format cannot hold a token: a sentence's end, with no value of the token in it. */
export class Unwritable extends Error {
  override readonly name = 'Unwritable';
}

/** The name of a value as sentences show it: a source may have chosen it, so it is bounded and without line ends. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
