import type { AuditEvent } from '@tvm/contract/events.ts';

type AnomalyDetected = Extract<AuditEvent, { detailType: 'Anomaly Detected' }>['detail'];

export type DetectorName = AnomalyDetected['detector'];
export type Severity = AnomalyDetected['severity'];
export type Response = AnomalyDetected['response'];

export const SEVERITIES = ['low', 'medium', 'high'] as const satisfies readonly Severity[];

/** The thresholds of a spike. Both must be met. */
export interface SpikeThreshold {
  /** A spike is larger than this multiple of the usual number. */
  times: number;
  /** Minimum number in five minutes. */
  at_least: number;
}

/** Configuration of anomaly detection. Durations are in seconds. */
export interface AnomalySettings {
  /** Disabled detectors. */
  off: readonly DetectorName[];
  /** Length of the learning phase, from the first request of a workload. */
  learning: number;
  /** How long an anomaly is not reported again. */
  cool_down: number;
  issuing_spike: SpikeThreshold;
  denial_spike: SpikeThreshold;
  beyond_grants: Pick<SpikeThreshold, 'at_least'>;
  respond: Record<Severity, Response>;
  /** Maximum token lifetime while a workload is limited. */
  shorten_to: number;
  /** How long a workload stays limited or blocked. */
  restrict_for: number;
}
