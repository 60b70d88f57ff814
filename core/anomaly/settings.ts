import type { AuditEvent } from '@tvm/contract/events.ts';

type AnomalyDetected = Extract<AuditEvent, { detailType: 'Anomaly Detected' }>['detail'];

export type DetectorName = AnomalyDetected['detector'];
export type Severity = AnomalyDetected['severity'];
export type Response = AnomalyDetected['response'];

export const SEVERITIES = ['low', 'medium', 'high'] as const satisfies readonly Severity[];

/** When many are too many. */
export interface SpikeThreshold {
  /** So many times what is usual. */
  times: number;
  /** And not fewer than so many in five minutes. */
  at_least: number;
}

/** What is unusual, and what is done about it: as the configuration says it. Durations are seconds. */
export interface AnomalySettings {
  /** The detectors that are not asked. */
  off: readonly DetectorName[];
  /** How long a workload is only learnt about, from its first request on. */
  learning: number;
  /** How long the same anomaly is not reported again. */
  cool_down: number;
  issuing_spike: SpikeThreshold;
  denial_spike: SpikeThreshold;
  beyond_grants: Pick<SpikeThreshold, 'at_least'>;
  respond: Record<Severity, Response>;
  /** The longest that a workload's tokens live while they are shortened. */
  shorten_to: number;
  /** How long a workload stays shortened or blocked. */
  restrict_for: number;
}
