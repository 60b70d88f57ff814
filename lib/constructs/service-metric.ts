import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';

/** The namespace of the functions' own metrics. */
export const METRIC_NAMESPACE = 'TokenVendingMachine';

/** A metric that functions write to their logs, per minute. @param dimensions the use case and further dimensions */
export function serviceMetric(
  metricName: string,
  dimensions: { service: string; severity?: string; detector?: string },
  statistic: string = Stats.SUM,
): Metric {
  const dimensionsMap: Record<string, string> = { ...dimensions };
  return new Metric({ namespace: METRIC_NAMESPACE, metricName, dimensionsMap, statistic, period: Duration.minutes(1) });
}
