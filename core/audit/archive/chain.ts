import { createHash } from 'node:crypto';

// An object of the archive consists of lines of JSON. The last property of each line is `chain`: the hash of the rest
// of the line and of the previous `chain`. So a changed, missing, added or moved line can be detected and located.

const CHAINED = /^(\{.+),"chain":"([0-9a-f]{64})"\}$/;

/** A parsed line of an object. */
export interface ChainedLine {
  /** The line without its `chain`. */
  body: string;
  chain: string;
}

/** The SHA-256 of text or bytes, in hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The start of an object's chain. It depends on the name, so that an object is not valid under another name. */
export function chainStart(key: string): string {
  return sha256(key);
}

/** The next link of a chain. @param before the previous link */
export function nextChain(before: string, body: string): string {
  return sha256(`${before}\n${body}`);
}

/**
 * Formats the content of an object: one chained line per record.
 *
 * @param key name of the object
 * @param records non-empty objects without a property `chain`
 */
export function writeLines(key: string, records: readonly object[]): string {
  let chain = chainStart(key);
  let content = '';
  for (const record of records) {
    const body = JSON.stringify(record);
    chain = nextChain(chain, body);
    content += `${body.slice(0, -1)},"chain":"${chain}"}\n`;
  }
  return content;
}

/** The lines of an object, without line breaks. Bytes after the last line break are a line too. */
export function linesOf(content: Uint8Array): string[] {
  const lines = Buffer.from(content).toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Parses a line. Returns `undefined` if it does not end with `chain`. */
export function readLine(line: string): ChainedLine | undefined {
  const [, start, chain] = CHAINED.exec(line) ?? [];
  return start === undefined || chain === undefined ? undefined : { body: `${start}}`, chain };
}

/** Finds the event ID in a line, even if the line is corrupt. */
export function eventIdIn(line: string): string | undefined {
  return /"eventId":"([^"\\]{1,200})"/.exec(line)?.[1];
}
