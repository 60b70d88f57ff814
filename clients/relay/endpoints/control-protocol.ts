import type { Clock } from '../model/clock.ts';
import { rfc3339 } from '../model/clock.ts';
import { SourceFailure } from '../model/source.ts';
import { statedExpiry } from '../model/token.ts';
import type { Tokens } from '../model/tokens.ts';
import type { ControlRefresh, ControlStatus, ControlToken } from './control-shapes.ts';
import {
  type Answer,
  type EndpointRequest,
  notFound,
  oauthError,
  type Protocol,
  Refusal,
  requireMethod,
} from './exchange.ts';
import { monitoringAnswer } from './monitoring-protocol.ts';
import { tokenOf } from './tokens-protocol.ts';
import { usableToken } from './usable-token.ts';

const REFRESH = '/refresh';

/** The protocol between the commands and the running agent. See `startControl`. */
export function controlProtocol(lookup: { tokens: Tokens; clock: Clock }): Protocol {
  return {
    name: 'control',
    async answer(request) {
      const monitored = await monitoringAnswer(request, lookup.tokens);
      if (monitored !== undefined) return monitored;
      if (request.path === '/v1/status') return await status(request, lookup.tokens);
      if (request.path.endsWith(REFRESH)) return await refresh(request, lookup.tokens);
      return token(request, lookup);
    },
    wordError: oauthError,
  };
}

async function status(request: EndpointRequest, tokens: Tokens): Promise<Answer> {
  requireMethod(request, 'GET');
  return { body: { tokens: await tokens.inspect() } satisfies ControlStatus };
}

function token(request: EndpointRequest, lookup: { tokens: Tokens; clock: Clock }): Answer {
  const name = tokenOf(request.path);
  if (name === undefined) throw notFound();
  requireMethod(request, 'GET');
  const token = usableToken(lookup, name);
  const { values, fetchedAt } = token;
  const expiresAt = statedExpiry(token);
  const body: ControlToken = { name, values, fetched_at: rfc3339(fetchedAt) };
  return { body: expiresAt === undefined ? body : { ...body, expires_at: rfc3339(expiresAt) } };
}

async function refresh(request: EndpointRequest, tokens: Tokens): Promise<Answer> {
  const name = tokenOf(request.path.slice(0, -REFRESH.length));
  if (name === undefined) throw notFound();
  requireMethod(request, 'POST');
  try {
    return { body: { status: await tokens.refresh(name) } satisfies ControlRefresh };
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(404, 'unknown_token', 'there is no token with this name');
    if (error instanceof SourceFailure) throw new Refusal(502, 'fetch_failed', error.message);
    throw error;
  }
}
