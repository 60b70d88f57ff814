import { randomUUID } from 'node:crypto';
import { TOKEN_EXCHANGE, TOKEN_TYPES } from '@tvm/contract/federation.ts';
import { SECURITY_EVENT_TYPE, SESSION_REVOKED, type TrustedTransmitter } from '@tvm/contract/security-event.ts';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { SignJWT } from 'jose';
import { apiEvent, SUBJECT, TOKEN_REQUEST } from './api-events.ts';
import { CheckFailed, hasProperties, hasStatus, verifiedToken } from './check.ts';
import type { FirstEvent } from './first-event.ts';
import type { StubAws } from './stub-aws.ts';
import type { VendedToken } from './vended-token.ts';

/** The caller that may introspect tokens for `orders-db` in the stage `local`. */
const RESOURCE_SERVER = 'arn:aws:iam::000000000000:user/orders-db';

/** The caller that may read `orders-db/orders` under the policies. */
const ORDERS_SERVICE = 'arn:aws:iam::000000000000:user/orders-service';

const OPERATOR = 'arn:aws:iam::000000000000:user/security-operator';

/** Returns the first requests to the functions behind the API. */
export async function firstRequests(
  issuer: string,
  vended: VendedToken,
  aws: StubAws,
): Promise<Record<string, FirstEvent>> {
  const { record, token, jwks } = vended;
  return {
    'issue-token': {
      event: apiEvent('/token', TOKEN_REQUEST, ORDERS_SERVICE),
      check: async (response) => void (await verifiedToken(response as APIGatewayProxyResult, jwks)),
    },
    // The policies of the stage have no trust entry.
    'exchange-token': {
      event: apiEvent(
        '/federation/token',
        form({
          grant_type: TOKEN_EXCHANGE,
          subject_token: token,
          subject_token_type: TOKEN_TYPES.jwt,
          audience: 'orders-db',
          scope: 'role:reader',
        }),
      ),
      check: (response) => hasStatus(response, 400),
    },
    'explain-token': {
      event: apiEvent('/explain', TOKEN_REQUEST, ORDERS_SERVICE),
      check: (response) => hasProperties(response, { allowed: true }),
    },
    'introspect-token': {
      event: apiEvent('/introspect', form({ token }), RESOURCE_SERVER),
      check: (response) => hasProperties(response, { active: true, jti: record.tokenId }),
    },
    'report-use': {
      event: apiEvent(
        '/uses',
        form({ token, action: 'read', location: 'orders-db/orders', outcome: 'allowed' }),
        RESOURCE_SERVER,
      ),
      check: (response) => hasProperties(response, {}),
    },
    'revoke-own-token': {
      event: apiEvent('/revoke', form({ token })),
      check: (response) => hasProperties(response, {}),
    },
    'revoke-tokens': {
      event: apiEvent('/revocations', form({ token_id: record.tokenId }), OPERATOR),
      check: (response) => hasProperties(response, { revoked: 1 }),
    },
    'lift-block': {
      event: apiEvent('/blocks/lift', form({ subject: SUBJECT }), OPERATOR),
      check: (response) => hasProperties(response, { unblocked: true }),
    },
    'list-tokens': {
      event: apiEvent('/tokens', null, OPERATOR),
      check: (response) => listed(response, record.tokenId),
    },
    'receive-security-event': await receivedSecurityEvent(issuer, vended, aws),
    'poll-security-events': {
      event: apiEvent('/security-events/poll', form({}), RESOURCE_SERVER),
      check: (response) => hasProperties(response, { sets: {}, moreAvailable: false }),
    },
    'control-security-event-streams': {
      event: apiEvent('/security-events/verification', form({ stream_id: 'orders-db' }), RESOURCE_SERVER),
      check: (response) => hasStatus(response, 204),
    },
    'serve-discovery': {
      event: apiEvent('/.well-known/jwks.json', null),
      check: (response) => hasProperties(response, jwks),
    },
    'serve-audit-keys': {
      event: apiEvent('/.well-known/audit-keys.json', null),
      check: (response) => hasProperties(response, jwks),
    },
    'serve-transmitter-metadata': {
      event: apiEvent('/.well-known/security-event-keys.json', null),
      check: (response) => hasProperties(response, jwks),
    },
    // No such list exists. The function looks for it and responds 404.
    'serve-status-list': {
      event: { ...apiEvent('/status-lists/{list}', null), pathParameters: { list: '9' } },
      check: (response) => hasStatus(response, 404),
    },
  };
}

function form(parameters: Record<string, string>): string {
  return new URLSearchParams(parameters).toString();
}

/** Checks that the only token is the listed one. */
function listed(response: unknown, tokenId: string): void {
  const { statusCode, body } = response as APIGatewayProxyResult;
  const ids: string[] = JSON.parse(body).tokens?.map(({ token_id }: { token_id: string }) => token_id) ?? [];
  if (statusCode !== 200 || ids.join() !== tokenId) {
    throw new CheckFailed(`the list of tokens got the response ${statusCode}: ${body}`);
  }
}

/**
 * Returns a transmitter's event that the workload's sessions are revoked. The function fetches the transmitter's keys.
 */
async function receivedSecurityEvent(
  issuer: string,
  { record }: VendedToken,
  { url, privateKey }: StubAws,
): Promise<FirstEvent> {
  const transmitter: TrustedTransmitter = {
    issuer: 'https://idp.example.com',
    jwks_uri: `${url}/jwks.json`,
    audience: 'tvm',
  };
  const claims = {
    sub_id: { format: 'iss_sub', iss: issuer, sub: record.subject },
    events: { [SESSION_REVOKED]: { event_timestamp: Math.floor(record.decidedAt / 1000) } },
  };
  const body = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: SECURITY_EVENT_TYPE })
    .setIssuer(transmitter.issuer)
    .setAudience(transmitter.audience)
    .setJti(randomUUID())
    .setIssuedAt()
    .sign(privateKey);
  const request: APIGatewayProxyEvent = apiEvent('/security-events', body);
  const headers = { ...request.headers, 'Content-Type': `application/${SECURITY_EVENT_TYPE}` };
  return {
    event: { ...request, headers },
    environment: { TRUSTED_TRANSMITTERS: JSON.stringify([transmitter]), REVOCATION_QUEUE_URL: `${url}/queue` },
    check: (response) => hasStatus(response, 202),
  };
}
