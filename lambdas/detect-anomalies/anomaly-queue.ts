import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { type AuditEvent, auditEvents } from '@tvm/contract/events.ts';
import {
  type DetectAnomaliesPorts,
  detectAnomalies,
  type ReportedFinding,
} from '@tvm/core/anomaly/detect-anomalies.ts';
import type { AnomalySettings } from '@tvm/core/anomaly/settings.ts';
import { type QueuedEvent, queueHandler, type Retries } from '../middleware/queue-handler.ts';
import { logger, metrics } from '../runtime/observability.ts';

/**
 * Creates a Lambda handler for a queue of audit events. It detects anomalies in them, reports each one and responds as
 * configured. After a failure the events are delivered again; observations that were already counted are not counted
 * again.
 */
export function anomalyQueue(settings: AnomalySettings, ports: DetectAnomaliesPorts & { retries: Retries }) {
  return queueHandler(async (batch) => {
    const read = batch.map(({ event, messageId }) => ({ messageId, event: auditEventIn(event) }));
    const malformed = read.filter(({ event }) => event === undefined).map(({ messageId }) => messageId);
    if (malformed.length > 0) logger.error('an event is not an audit event', { messages: malformed });
    const events = read.flatMap(({ event }) => event ?? []);
    for (const anomaly of await detectAnomalies(events, settings, ports)) report(anomaly);
    return malformed;
  }, ports.retries);
}

function auditEventIn({ 'detail-type': type, detail }: QueuedEvent['event']): AuditEvent | undefined {
  if (!Object.hasOwn(auditEvents, type)) return undefined;
  const detailType = type as AuditEvent['detailType'];
  const parsed = auditEvents[detailType].safeParse(detail);
  return parsed.success ? ({ detailType, detail: parsed.data } as AuditEvent) : undefined;
}

function report({ detector, severity, subject = 'all', observed, usual, response }: ReportedFinding): void {
  logger.warn('anomaly detected', { detector, severity, subject, observed, usual, response });
  for (const [dimension, value] of Object.entries({ severity, detector })) {
    const metric = metrics.singleMetric();
    metric.addDimension(dimension, value);
    metric.addMetric('Anomalies', MetricUnit.Count, 1);
  }
}
