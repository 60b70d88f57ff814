import { SEVERITIES } from '@tvm/core/anomaly/settings.ts';
import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric, MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as FunctionOfLambda } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Machine } from './machine.ts';
import { METRIC_NAMESPACE, machineMetric } from './machine-metric.ts';

const PERIOD = Duration.minutes(1);
const P50_P99 = [Stats.p(50), Stats.p(99)];

/** A metric of every use case that has it, each by itself. */
function ofAll(metricName: string): MathExpression {
  const expression = `SEARCH('{${METRIC_NAMESPACE},service} MetricName="${metricName}"', 'Sum', 60)`;
  return new MathExpression({ expression, usingMetrics: {}, label: `${metricName}:`, period: PERIOD });
}

/** Half a row of the dashboard. */
function graph(title: string, left: IMetric[], right: IMetric[] = []): GraphWidget {
  return new GraphWidget({ title, left, right, width: 12, height: 6, leftYAxis: { min: 0 }, rightYAxis: { min: 0 } });
}

export interface Watched {
  machine: Machine;
  /** The functions whose callers wait for every answer. */
  answering: readonly FunctionOfLambda[];
  /** Those that read the table's stream. */
  streamReaders: readonly FunctionOfLambda[];
}

/** How the machine does, on one page. */
export function watchDashboard(
  scope: Construct,
  { machine: { api, events }, answering, streamReaders }: Watched,
): Dashboard {
  const issuing = { service: 'issue-token' };
  const latencyOfApi = P50_P99.map((statistic) => api.latency(statistic, PERIOD));
  const latencyOfFunctions = answering.flatMap((one) =>
    P50_P99.map((statistic) => one.metricDuration({ label: `${one.node.id} ${statistic}`, statistic, period: PERIOD })),
  );
  return new Dashboard(scope, 'dashboard', {
    widgets: [
      [
        graph('Tokens vended and requests denied', [
          machineMetric('TokensIssued', issuing),
          machineMetric('TokensDenied', issuing),
        ]),
        graph('Tokens that are active', [machineMetric('ActiveTokens', { service: 'count-tokens' }, Stats.MAXIMUM)]),
      ],
      [
        graph('Latency of the API (left) and of its functions (right), milliseconds', latencyOfApi, latencyOfFunctions),
        graph(
          'Server errors of the API (left), and whose fault (right)',
          [api.serverErrors(PERIOD)],
          [ofAll('DependencyFaults'), ofAll('Faults')],
        ),
      ],
      [
        graph(
          'Tokens taken back (left), and how long it took, milliseconds (right)',
          [machineMetric('RevocationsPublished', { service: 'publish-audit' })],
          [
            ...P50_P99.map((statistic) =>
              machineMetric('RevocationDelay', { service: 'revoke-tokens-by-event' }, statistic),
            ),
            ...P50_P99.map((statistic) =>
              machineMetric('StatusListDelay', { service: 'update-status-lists' }, statistic),
            ),
          ],
        ),
        graph('KMS refused to sign', [machineMetric('KmsThrottled', issuing)]),
      ],
      [
        graph(
          'Anomalies by severity',
          SEVERITIES.map((severity) => machineMetric('Anomalies', { service: 'detect-anomalies', severity })),
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
          'How far the readers of the stream are behind, milliseconds',
          streamReaders.map((reader) =>
            reader.metric('IteratorAge', { label: reader.node.id, statistic: Stats.MAXIMUM, period: PERIOD }),
          ),
        ),
        graph(
          'How long events wait, seconds',
          events.mailboxes.map(({ name, queue }) =>
            queue.metricApproximateAgeOfOldestMessage({ label: name, statistic: Stats.MAXIMUM, period: PERIOD }),
          ),
        ),
      ],
    ],
  });
}
