import type { MiddlewareObj } from '@middy/core';
import { metrics } from '../runtime/observability.ts';

/** Publishes the metrics of an invocation, however it ends. One without metrics is nothing to warn of. */
export function publishedMetrics(): MiddlewareObj {
  const publish = () => {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };
  return { after: publish, onError: publish };
}
