import type * as z from 'zod';
import { auditEvents, type tokenDenied, type tokenIssued } from '../../../contract/events.ts';

/** A line of exported audit events. */
export type RecordLine =
  | { kind: 'issued'; detail: z.infer<typeof tokenIssued> }
  | { kind: 'denied'; detail: z.infer<typeof tokenDenied> }
  /** An event about a token that another event tells of, or an empty line. */
  | { kind: 'other' }
  /** Not an audit event: a clause that says why. */
  | { kind: 'broken'; problem: string };

type DetailType = keyof typeof auditEvents;

/** Reads a line: an event as EventBridge delivers it, or its detail alone. */
export function readRecord(line: string): RecordLine {
  if (line.trim() === '') return { kind: 'other' };
  let unverified: unknown;
  try {
    unverified = JSON.parse(line);
  } catch {
    return { kind: 'broken', problem: 'is not JSON' };
  }
  if (typeof unverified !== 'object' || unverified === null) return { kind: 'broken', problem: 'is not an object' };
  const type = 'detail-type' in unverified ? unverified['detail-type'] : typeOfDetail(unverified);
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

function typeOfDetail(detail: object): DetailType {
  if ('denial' in detail) return 'Token Denied';
  if ('failure' in detail) return 'Token Failed';
  return 'revokedAt' in detail ? 'Token Revoked' : 'Token Issued';
}
