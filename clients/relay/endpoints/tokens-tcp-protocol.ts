import { type Answer, type EndpointRequest, oauthError, type Protocol, Refusal, requireMethod } from './exchange.ts';
import { isSameSecret } from './same-secret.ts';
import { LONGEST_SESSION, Sessions } from './sessions.ts';
import { tokenAnswer } from './tokens-protocol.ts';
import type { Lookup } from './usable-token.ts';

const TTL_HEADER = 'x-tokenrelay-session-ttl-seconds';

/**
 * Serves `GET /v1/tokens/{name}` on loopback, like IMDSv2. `PUT /v1/session` opens a session with the TTL from a
 * header, and each request sends the session token
 * (docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html). Unlike with IMDSv2, opening a
 * session needs the endpoint's secret, because every user of the machine can reach loopback.
 *
 * @param secret the secret that clients send as a bearer token
 */
export function tokensTcpProtocol(lookup: Lookup, allowed: readonly string[] | undefined, secret: string): Protocol {
  const sessions = new Sessions(lookup.clock);
  return {
    name: 'tokens-tcp',
    answer(request) {
      if (request.path === '/v1/session') return openSession(request, sessions, secret);
      if (!sessions.isOpen(request.header('x-tokenrelay-session'))) {
        throw unauthorized('X-TokenRelay-Session must be a session token from PUT /v1/session');
      }
      return tokenAnswer(request, lookup, allowed);
    },
    wordError: oauthError,
  };
}

function openSession(request: EndpointRequest, sessions: Sessions, secret: string): Answer {
  requireMethod(request, 'PUT');
  const [, bearer] = /^Bearer +(\S+)$/i.exec(request.header('authorization') ?? '') ?? [];
  if (!isSameSecret(bearer, secret)) throw unauthorized('Authorization must be Bearer with the content of bearer_file');
  const ttl = request.header(TTL_HEADER) ?? '';
  const seconds = /^\d{1,5}$/.test(ttl) ? Number(ttl) : 0;
  if (seconds < 1 || seconds > LONGEST_SESSION) {
    const sentence = `X-TokenRelay-Session-TTL-Seconds must be a number from 1 to ${LONGEST_SESSION}`;
    throw new Refusal(400, 'invalid_ttl', sentence);
  }
  return { headers: { [TTL_HEADER]: String(seconds) }, body: sessions.open(seconds) };
}

/** Returns a 401 response, which must name an authentication scheme (RFC 9110, section 15.5.2). */
function unauthorized(sentence: string): Refusal {
  return new Refusal(401, 'unauthorized', sentence, { headers: { 'www-authenticate': 'Bearer' } });
}
