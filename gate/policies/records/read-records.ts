import { auditEvents, type tokenDenied, type tokenIssued } from '@tvm/contract/events.ts';
import type * as z from 'zod';

/** A line of exported audit events. */
export type RecordLine =
  | { kind: 'issued'; detail: z.infer<typeof tokenIssued> }
  | { kind: 'denied'; detail: z.infer<typeof tokenDenied> }
  /** An event about a token that another event tells of, or an empty line. */
  | { kind: 'other' }
  /** Not an audit event: a clause that says why. */
  | { kind: 'broken'; problem: string };

type DetailType = keyof typeof auditEvents;

/** Reads a line: an event as EventBridge delivers it, a line of the audit archive, or the detail of a token's event alone. */
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
    return { kind: 'broken', problem: 'is not an audit event of a token vending machine' };
  }
  const parsed = auditEvents[type as DetailType].safeParse(unverifiedDetail);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { kind: 'broken', problem: `is no ${type}: ${issue?.path.join('.')} ${issue?.message}` };
  }
  if (type === 'Token Issued') return { kind: 'issued', detail: parsed.data as z.infer<typeof tokenIssued> };
  if (type === 'Token Denied') return { kind: 'denied', detail: parsed.data as z.infer<typeof tokenDenied> };
  return { kind: 'other' };
}

/** What a line says that it is; of a detail alone, what its members say. */
function typeOf(line: object): unknown {
  if ('detail-type' in line) return line['detail-type'];
  if ('detailType' in line) return line.detailType;
  if ('denial' in line) return 'Token Denied';
  if ('failure' in line) return 'Token Failed';
  if ('revokedAt' in line) return 'Token Revoked';
  return 'time' in line && 'expiresAt' in line && line.time === line.expiresAt ? 'Token Expired' : 'Token Issued';
}
