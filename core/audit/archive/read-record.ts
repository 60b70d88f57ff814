import { readLine } from './chain.ts';

/** A record of the archive: the detail type of an audit event and the properties of its detail. */
export interface ArchivedRecord {
  detailType: string;
  eventId: string;
  time: string;
  [member: string]: unknown;
}

/** Parses the record in a line. Returns `undefined` if the line is invalid. Does not check the line's `chain`. */
export function readRecord(line: string): ArchivedRecord | undefined {
  try {
    const record = JSON.parse(readLine(line)?.body ?? '');
    const { detailType, eventId, time } = record;
    const named = [detailType, eventId, time].every((member) => typeof member === 'string');
    return named && !Number.isNaN(Date.parse(time)) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
