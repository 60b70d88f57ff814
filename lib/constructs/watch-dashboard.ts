import { SEVERITIES } from '@tvm/core/anomaly/settings.ts';
import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric, MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as FunctionOfLambda } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Foundation } from './foundation.ts';
import { METRIC_NAMESPACE, serviceMetric } from './service-metric.ts';

const PERIOD = Duration.minutes(1);
const P50_P99 = [Stats.p(50), Stats.p(99)];

/** A metric of all use cases that have it, one line per use case. */
function ofAll(metricName: string): MathExpression {
  const expression = `SEARCH('{${METRIC_NAMESPACE},service} MetricName="${metricName}"', 'Sum', 60)`;
  return new MathExpression({ expression, usingMetrics: {}, label: `${metricName}:`, period: PERIOD });
}

/** A graph with half the dashboard's width. */
function graph(title: string, left: IMetric[], right: IMetric[] = []): GraphWidget {
  return new GraphWidget({ title, left, right, width: 12, height: 6, leftYAxis: { min: 0 }, rightYAxis: { min: 0 } });
}

export interface Watched {
  foundation: Foundation;
  /** The functions whose latency matters to callers. */
  answering: readonly FunctionOfLambda[];
  /** The functions that read the table's stream. */
  streamReaders: readonly FunctionOfLambda[];
}

/** Creates the dashboard of the service. */
export function watchDashboard(
  scope: Construct,
  { foundation: { api, events }, answering, streamReaders }: Watched,
): Dashboard {
  const issuing = { service: 'issue-token' };
  const latencyOfApi = P50_P99.map((statistic) => api.latency(statistic, PERIOD));
  const latencyOfFunctions = answering.flatMap((one) =>
    P50_P99.map((statistic) => one.metricDuration({ label: `${one.node.id} ${statistic}`, statistic, period: PERIOD })),
  );
  return new Dashboard(scope, 'dashboard', {
    widgets: [
      [
        graph('Issued tokens and denied requests', [
          serviceMetric('TokensIssued', issuing),
          serviceMetric('TokensDenied', issuing),
        ]),
        graph('Active tokens', [serviceMetric('ActiveTokens', { service: 'count-tokens' }, Stats.MAXIMUM)]),
      ],
      [
        graph('Latency of the API (left) and of its functions (right), milliseconds', latencyOfApi, latencyOfFunctions),
        graph(
          'Server errors of the API (left), by cause (right)',
          [api.serverErrors(PERIOD)],
          [ofAll('DependencyFaults'), ofAll('Faults')],
        ),
      ],
      [
        graph(
          'Revoked tokens (left), and time to revoke, milliseconds (right)',
          [serviceMetric('RevocationsPublished', { service: 'publish-audit' })],
          [
            ...P50_P99.map((statistic) =>
              serviceMetric('RevocationDelay', { service: 'revoke-tokens-by-event' }, statistic),
            ),
            ...P50_P99.map((statistic) =>
              serviceMetric('StatusListDelay', { service: 'update-status-lists' }, statistic),
            ),
          ],
        ),
        graph('Throttled KMS signatures', [serviceMetric('KmsThrottled', issuing)]),
      ],
      [
        graph(
          'Anomalies by severity',
          SEVERITIES.map((severity) => serviceMetric('Anomalies', { service: 'detect-anomalies', severity })),
        ),
        graph(
          'Dead letters',
          events.deadLetterQueues.map(({ name, queue }) =>
            queue.metricApproximateNumberOfMessagesVisible({ label: name, statistic: Stats.MAXIMUM, period: PERIOD }),
          ),
        ),
      ],
      [
        graph(
          'Lag of the stream readers, milliseconds',
          streamReaders.map((reader) =>
            reader.metric('IteratorAge', { label: reader.node.id, statistic: Stats.MAXIMUM, period: PERIOD }),
          ),
        ),
        graph(
          'Age of the oldest event in each queue, seconds',
          events.mailboxes.map(({ name, queue }) =>
            queue.metricApproximateAgeOfOldestMessage({ label: name, statistic: Stats.MAXIMUM, period: PERIOD }),
          ),
        ),
      ],
    ],
  });
}
