import { hash } from 'node:crypto';
import type { AuditEvent } from '@tvm/contract/events.ts';
import { mapAtMost } from '../at-most.ts';
import type { AuditFacts } from '../records/ports.ts';
import type { Finding } from './finding.ts';
import { type Observation, observationOf } from './observation.ts';
import { OVERALL_DETECTORS, observe, WORKLOAD_DETECTORS } from './observe.ts';
import type { Profiles } from './ports.ts';
import { WINDOW } from './profile.ts';
import { type RespondPorts, respond } from './respond.ts';
import type { AnomalySettings, Response } from './settings.ts';

export interface DetectAnomaliesPorts extends RespondPorts {
  profiles: Profiles;
  facts: AuditFacts;
}

/** A reported finding and the response to it. */
export interface ReportedFinding extends Finding {
  subject: string | undefined;
  response: Response;
}

/** The profile of all workloads together. */
const ALL = '*';

/** Maximum number of workloads to process concurrently. */
const CONCURRENCY = 10;

/** Maximum attempts to store a profile when other writers win the optimistic lock. */
const ATTEMPTS = 10;

/** Number of records per read. */
const PAGE = 100;

/**
 * Detects anomalies in audit events, responds as configured, and reports them.
 *
 * Responses and reports come before the profile is stored. If a step fails, the next delivery of the events detects the
 * same finding, and the finding has the same ID.
 *
 * @param events events about any workloads, in any order; may include events from earlier calls
 * @throws DependencyFault; the caller must then deliver all events again
 */
export async function detectAnomalies(
  events: readonly AuditEvent[],
  settings: AnomalySettings,
  ports: DetectAnomaliesPorts,
): Promise<ReportedFinding[]> {
  const revoked = await revokedAmong(events, ports);
  const observations = events.flatMap((event) => observationOf(event, (tokenId) => revoked.has(tokenId)) ?? []);
  const workloads = [...Map.groupBy(observations, ({ subject }) => subject)];
  const ofEach = await mapAtMost(CONCURRENCY, workloads, ([subject, own]) => update(subject, own, settings, ports));
  // Count only events that were new for a workload's profile. If the overall profile fails, it misses these events.
  const fresh = ofEach.flatMap((one) => one.fresh.map(({ network, ...rest }) => ({ ...rest, resources: [] })));
  const overall = await update(ALL, fresh, settings, ports);
  return [...ofEach, overall].flatMap(({ reported }) => reported);
}

/** IDs of the tokens that were revoked before a reported use. */
async function revokedAmong(events: readonly AuditEvent[], { records }: DetectAnomaliesPorts): Promise<Set<string>> {
  const usedAt = new Map<string, number>();
  for (const { detailType, detail } of events) {
    if (detailType !== 'Token Used') continue;
    usedAt.set(detail.tokenId, Math.max(usedAt.get(detail.tokenId) ?? 0, Date.parse(detail.time)));
  }
  const revoked = new Set<string>();
  const tokenIds = [...usedAt.keys()];
  for (let at = 0; at < tokenIds.length; at += PAGE) {
    for (const record of await records.getMany(tokenIds.slice(at, at + PAGE))) {
      if (record.status === 'revoked' && record.revokedAt < (usedAt.get(record.tokenId) ?? 0)) {
        revoked.add(record.tokenId);
      }
    }
  }
  return revoked;
}

/** Adds observations to a profile, responds to findings, reports them, and stores the profile. */
async function update(
  of: string,
  observations: readonly Observation[],
  settings: AnomalySettings,
  ports: DetectAnomaliesPorts,
): Promise<{ reported: ReportedFinding[]; fresh: Observation[] }> {
  const subject = of === ALL ? undefined : of;
  const reported = new Map<string, ReportedFinding>();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await ports.profiles.get(of);
    const detectors = subject === undefined ? OVERALL_DETECTORS : WORKLOAD_DETECTORS;
    const now = ports.clock.now();
    const { profile, findings, fresh } = observe(before?.profile, observations, settings, now, detectors);
    if (fresh.length === 0) return { reported: [...reported.values()], fresh };
    for (const finding of findings) {
      const id = idOf(of, finding, settings);
      if (!reported.has(id)) reported.set(id, await report(id, subject, finding, settings, ports));
    }
    if (await ports.profiles.put(of, profile, before?.version ?? 0)) return { reported: [...reported.values()], fresh };
  }
  throw new Error('too many concurrent writers of one anomaly profile');
}

async function report(
  id: string,
  subject: string | undefined,
  finding: Finding,
  settings: AnomalySettings,
  ports: DetectAnomaliesPorts,
): Promise<ReportedFinding> {
  const response = await respond(id, subject, finding, settings, ports);
  const { about, time, ...said } = finding;
  const detail = {
    time: new Date(time).toISOString(),
    ...said,
    ...(subject !== undefined && { subject }),
    window: WINDOW * 60,
    response,
  };
  await ports.facts.put(id, { detailType: 'Anomaly Detected', detail });
  return { ...finding, subject, response };
}

/** The ID of a finding: a UUID (version 8, RFC 9562), stable within one cool-down period. */
function idOf(of: string, { detector, about, severity, time }: Finding, { cool_down }: AnomalySettings): string {
  const period = Math.floor(time / (cool_down * 1000));
  const name = hash('sha256', JSON.stringify([of, detector, about, severity, period]));
  return `${name.slice(0, 8)}-${name.slice(8, 12)}-8${name.slice(13, 16)}-8${name.slice(17, 20)}-${name.slice(20, 32)}`;
}
