import { createHash } from 'node:crypto';

// An object of the archive is lines of JSON. Each ends in `chain`: the hash of the line without it and of the line
// before. So a line that is changed, missing, too many or out of place shows, and shows where.

const CHAINED = /^(\{.+),"chain":"([0-9a-f]{64})"\}$/;

/** A line of an object, taken apart. */
export interface ChainedLine {
  /** The line without its `chain`. */
  body: string;
  chain: string;
}

/** The SHA-256 of text or bytes, in hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Where the chain of an object begins: its name, so that no object passes for another. */
export function chainStart(key: string): string {
  return sha256(key);
}

/** The chain's next link. @param before the link before */
export function nextChain(before: string, body: string): string {
  return sha256(`${before}\n${body}`);
}

/**
 * An object's content: its records, chained, a line each.
 *
 * @param key the object's name
 * @param records not empty objects, without a member `chain`
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

/** The lines of an object, without their ends. Whatever else is at its end is a line too. */
export function linesOf(content: Uint8Array): string[] {
  const lines = Buffer.from(content).toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Takes a line apart; `undefined` when it has no `chain` at its end. */
export function readLine(line: string): ChainedLine | undefined {
  const [, start, chain] = CHAINED.exec(line) ?? [];
  return start === undefined || chain === undefined ? undefined : { body: `${start}}`, chain };
}

/** The id of the event in a line, however broken; `undefined` when there is none to see. */
export function eventIdIn(line: string): string | undefined {
  return /"eventId":"([^"\\]{1,200})"/.exec(line)?.[1];
}
