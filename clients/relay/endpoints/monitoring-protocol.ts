import { isHealthy, type TokenStatus } from '../model/status.ts';
import type { Tokens } from '../model/tokens.ts';
import { type Answer, type EndpointRequest, notFound, oauthError, type Protocol, requireMethod } from './exchange.ts';
import { metricsText } from './metrics.ts';

/** The part of the agent that monitoring needs. */
export type Monitored = Pick<Tokens, 'inspect'>;

/** Serves `GET /healthz` and `GET /metrics`. They contain the names of tokens, but no values. */
export function monitoringProtocol(tokens: Monitored): Protocol {
  return {
    name: 'monitoring',
    async answer(request) {
      const answer = await monitoringAnswer(request, tokens);
      if (answer === undefined) throw notFound();
      return answer;
    },
    wordError: oauthError,
  };
}

/** Handles a monitoring request. @returns undefined for any other path @throws {Refusal} */
export async function monitoringAnswer(request: EndpointRequest, tokens: Monitored): Promise<Answer | undefined> {
  if (request.path !== '/healthz' && request.path !== '/metrics') return undefined;
  requireMethod(request, 'GET');
  const statuses = await tokens.inspect();
  if (request.path === '/healthz') return health(statuses);
  return {
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    body: metricsText(statuses),
  };
}

/** Returns 200, or 503 with the unhealthy tokens and outputs. */
function health(statuses: readonly TokenStatus[]): Answer {
  const ill = statuses.filter((status) => !isHealthy(status));
  if (ill.length === 0) return { body: { status: 'ok' } };
  return {
    status: 503,
    body: {
      status: 'unhealthy',
      tokens: ill.map(({ name, state, outputs }) => ({
        name,
        state,
        outputs: outputs.filter(({ problem }) => problem !== undefined),
      })),
    },
  };
}
