import { readLine } from './chain.ts';

/** A line of the archive: an audit event's detail type and the members of its detail. */
export interface ArchivedRecord {
  detailType: string;
  eventId: string;
  time: string;
  [member: string]: unknown;
}

/** The record in a line; `undefined` when it is not one. It does not check the line's `chain`. */
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
