import type { MiddlewareObj } from '@middy/core';
import { metrics } from '../runtime/observability.ts';

/**
 * Publishes the metrics of an invocation, even a failed one. Powertools would warn of an invocation without metrics.
 */
export function publishedMetrics(): MiddlewareObj {
  const publish = () => {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };
  return { after: publish, onError: publish };
}
