import { hash } from 'node:crypto';
import type { AuditEvent } from '@tvm/contract/events.ts';
import { mapAtMost } from '../at-most.ts';
import type { AuditFacts } from '../records/ports.ts';
import type { Finding } from './finding.ts';
import { type Observation, observationOf } from './observation.ts';
import { OF_A_WORKLOAD, OVERALL, observe } from './observe.ts';
import type { Profiles } from './ports.ts';
import { WINDOW } from './profile.ts';
import { type RespondPorts, respond } from './respond.ts';
import type { AnomalySettings, Response } from './settings.ts';

export interface DetectAnomaliesPorts extends RespondPorts {
  profiles: Profiles;
  facts: AuditFacts;
}

/** A finding that was told of, and what was done about it. */
export interface Told extends Finding {
  subject: string | undefined;
  response: Response;
}

/** The profile of all workloads together. */
const ALL = '*';

/** How many workloads are looked at together. */
const AT_ONCE = 10;

/** How often it is tried to store a profile that others store too. */
const ATTEMPTS = 10;

/** How many records are read at once. */
const PAGE = 100;

/**
 * Looks for what is unusual in audit events, does about it what the configuration says, and tells of it.
 *
 * First it acts and tells, then it remembers: what fails in between is found again, and by its name is the same.
 *
 * @param events about any workloads, in any order; some may have come before
 * @throws DependencyFault; then all of them are to come again
 */
export async function detectAnomalies(
  events: readonly AuditEvent[],
  settings: AnomalySettings,
  ports: DetectAnomaliesPorts,
): Promise<Told[]> {
  const revoked = await revokedAmong(events, ports);
  const observations = events.flatMap((event) => observationOf(event, (tokenId) => revoked.has(tokenId)) ?? []);
  const workloads = [...Map.groupBy(observations, ({ subject }) => subject)];
  const ofEach = await mapAtMost(AT_ONCE, workloads, ([subject, own]) => turnOver(subject, own, settings, ports));
  // What a workload's profile had counted already is not counted overall again either. If this fails, it is missing there.
  const fresh = ofEach.flatMap((one) => one.fresh.map(({ network, ...rest }) => ({ ...rest, resources: [] })));
  const overall = await turnOver(ALL, fresh, settings, ports);
  return [...ofEach, overall].flatMap(({ told }) => told);
}

/** The tokens that are reported as used, and were revoked by then. */
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

/** Takes observations into a profile, acts on what is found, tells of it, and stores the profile. */
async function turnOver(
  of: string,
  observations: readonly Observation[],
  settings: AnomalySettings,
  ports: DetectAnomaliesPorts,
): Promise<{ told: Told[]; fresh: Observation[] }> {
  const subject = of === ALL ? undefined : of;
  const told = new Map<string, Told>();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await ports.profiles.get(of);
    const detectors = subject === undefined ? OVERALL : OF_A_WORKLOAD;
    const now = ports.clock.now();
    const { profile, findings, fresh } = observe(before?.profile, observations, settings, now, detectors);
    if (fresh.length === 0) return { told: [...told.values()], fresh };
    for (const finding of findings) {
      const id = nameOf(of, finding, settings);
      if (!told.has(id)) told.set(id, await tell(id, subject, finding, settings, ports));
    }
    if (await ports.profiles.put(of, profile, before?.version ?? 0)) return { told: [...told.values()], fresh };
  }
  throw new Error('a profile is stored by too many at the same time');
}

async function tell(
  id: string,
  subject: string | undefined,
  finding: Finding,
  settings: AnomalySettings,
  ports: DetectAnomaliesPorts,
): Promise<Told> {
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

/** A UUID (version 8, RFC 9562) of what is found, about what, and when, as coarsely as it is reported again. */
function nameOf(of: string, { detector, about, severity, time }: Finding, { cool_down }: AnomalySettings): string {
  const period = Math.floor(time / (cool_down * 1000));
  const name = hash('sha256', JSON.stringify([of, detector, about, severity, period]));
  return `${name.slice(0, 8)}-${name.slice(8, 12)}-8${name.slice(13, 16)}-8${name.slice(17, 20)}-${name.slice(20, 32)}`;
}
