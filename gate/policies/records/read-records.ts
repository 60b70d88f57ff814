import { auditEvents, type tokenDenied, type tokenIssued } from '@tvm/contract/events.ts';
import type * as z from 'zod';

/** A line of exported audit events. */
export type RecordLine =
  | { kind: 'issued'; detail: z.infer<typeof tokenIssued> }
  | { kind: 'denied'; detail: z.infer<typeof tokenDenied> }
  /** Any other audit event, or an empty line. */
  | { kind: 'other' }
  /** Not an audit event. `problem` is a clause. */
  | { kind: 'broken'; problem: string };

type DetailType = keyof typeof auditEvents;

/** Parses a line: an EventBridge event, a line of the audit archive, or only the detail of an event about a token. */
export function readRecord(line: string): RecordLine {
  if (line.trim() === '') return { kind: 'other' };
  let unverified: unknown;
  try {
    unverified = JSON.parse(line);
  } catch {
    return { kind: 'broken', problem: 'is not JSON' };
  }
  if (typeof unverified !== 'object' || unverified === null) return { kind: 'broken', problem: 'is not an object' };
  const type = typeOf(unverified);
  const unverifiedDetail = 'detail-type' in unverified && 'detail' in unverified ? unverified.detail : unverified;
  if (typeof type !== 'string' || !Object.hasOwn(auditEvents, type)) {
    return { kind: 'broken', problem: 'is not an audit event of TVM' };
  }
  const parsed = auditEvents[type as DetailType].safeParse(unverifiedDetail);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { kind: 'broken', problem: `is not a valid ${type} event: ${issue?.path.join('.')} ${issue?.message}` };
  }
  if (type === 'Token Issued') return { kind: 'issued', detail: parsed.data as z.infer<typeof tokenIssued> };
  if (type === 'Token Denied') return { kind: 'denied', detail: parsed.data as z.infer<typeof tokenDenied> };
  return { kind: 'other' };
}

/** Returns the detail type of a line. For a detail alone, it is derived from the fields. */
function typeOf(line: object): unknown {
  if ('detail-type' in line) return line['detail-type'];
  if ('detailType' in line) return line.detailType;
  if ('denial' in line) return 'Token Denied';
  if ('failure' in line) return 'Token Failed';
  if ('revokedAt' in line) return 'Token Revoked';
  return 'time' in line && 'expiresAt' in line && line.time === line.expiresAt ? 'Token Expired' : 'Token Issued';
}
