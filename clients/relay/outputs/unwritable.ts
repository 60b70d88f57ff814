/** A token that a format cannot represent. The message is a clause without any value of the token. */
export class Unwritable extends Error {
  override readonly name = 'Unwritable';
}

/** Quotes the name of a value for messages. A source may have chosen it, so it is truncated and escaped. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
