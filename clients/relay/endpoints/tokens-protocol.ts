import { rfc3339 } from '../model/clock.ts';
import { bearerOf, statedExpiry, type Token } from '../model/token.ts';
import { type Answer, type EndpointRequest, notFound, oauthError, type Protocol, requireMethod } from './exchange.ts';
import { type Lookup, secondsUntil, usableToken } from './usable-token.ts';

/** The path of a token. Token names need no escaping in a path. */
const TOKEN_PATH = /^\/v1\/tokens\/([A-Za-z0-9][\w.-]{0,63})$/;

/** Serves `GET /v1/tokens/{name}` on a Unix socket, whose owner and mode control access. */
export function tokensProtocol(lookup: Lookup, allowed: readonly string[] | undefined): Protocol {
  return {
    name: 'tokens',
    answer: (request) => tokenAnswer(request, lookup, allowed),
    wordError: oauthError,
  };
}

/** Returns the response with one token. @throws {Refusal} */
export function tokenAnswer(request: EndpointRequest, lookup: Lookup, allowed: readonly string[] | undefined): Answer {
  const name = tokenOf(request.path);
  if (name === undefined) throw notFound();
  requireMethod(request, 'GET');
  const token = usableToken(lookup, name, allowed);
  return { body: { name, ...valuesOf(token), ...endOf(token, lookup) } };
}

/** Returns the name in a path of the form `/v1/tokens/{name}`. */
export function tokenOf(path: string): string | undefined {
  return TOKEN_PATH.exec(path)?.[1];
}

function valuesOf(token: Token): object {
  const bearer = bearerOf(token);
  return bearer === undefined ? { values: token.values } : { token: bearer };
}

function endOf(token: Token, { clock }: Lookup): object {
  const expiresAt = statedExpiry(token);
  if (expiresAt === undefined) return {};
  return { expires_at: rfc3339(expiresAt), expires_in: Math.max(0, secondsUntil(expiresAt, clock)) };
}
