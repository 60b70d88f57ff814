import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Credentials } from '@tvm/api/signature.ts';
import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { type AuditEvent, REVOCATION_REQUESTED, type TokenEvent } from '@tvm/contract/events.ts';
import { decodeJwt, type JWTPayload } from 'jose';
import type { StackOutputs } from '../emulators/bridges.ts';
import type { Target } from '../emulators/target.ts';
import { localStack } from '../localstack/localstack.ts';
import { type AuditWatch, watchAudit } from './audit-watch.ts';
import { proveArchive } from './demo-archive.ts';
import { discoverKeys, expect, json, post, signatureFails, tamper, verify } from './demo-checks.ts';
import { stopTask } from './demo-task.ts';
import type { Identities } from './identities.ts';
import { bold, dim, good, line, refused, seconds, step, table } from './terminal.ts';
import { emulatorAt } from './which-emulator.ts';

const AUDIENCE = 'orders-db';
const LOCATION = 'orders-db/orders';
/**
 * How long, in milliseconds, an event may take to have its effect. LocalStack may poll a queue only every ten seconds.
 */
const PATIENCE = 60_000;

/** A warning about what the demonstration does not prove on LocalStack. */
const UNCHECKED =
  'LocalStack checks neither signatures nor IAM policies: it accepts any caller that names an access key.';

/**
 * Shows the life of two tokens: issued, verified, limited to their permissions, revoked, audited and archived. Throws a
 * Failure with one sentence at the first unexpected result.
 */
export async function demonstrate(target: Target, outputs: StackOutputs, identities: Identities): Promise<void> {
  if ((await emulatorAt(target.endpoint)) === localStack) console.log(dim(`\n${UNCHECKED}`));
  const audit = await watchAudit(target, outputs.EventBusName);
  try {
    const { token, tokenId } = await getToken(target, outputs.Issuer, identities);
    await verifyOffline(token, outputs.Issuer);
    const deniedRequest = await askForTooMuch(target, outputs.Issuer, identities);
    await revokeToken(target, outputs, identities, { token, tokenId });
    await showAudit(audit, tokenId, deniedRequest);
    await proveArchive(target, outputs, await stopTask(target, outputs, identities));
  } finally {
    await audit.close();
  }
}

async function getToken(target: Target, issuer: string, { workload }: Identities) {
  step(1, `orders-service requests a token to read ${LOCATION}`);
  const response = await json(await askToken(target, issuer, workload, 'read'), 200, 'orders-service');
  const { access_token: token, token_id: tokenId } = response as { access_token: string; token_id: string };
  good(`POST /token, signed with its AWS identity: a token of ${bold(`${token.length} bytes`)}, with the claims`);
  showClaims(decodeJwt(token));
  return { token, tokenId };
}

async function verifyOffline(token: string, issuer: string): Promise<void> {
  step(2, `${AUDIENCE}, a resource server, verifies the token offline, with the published keys`);
  const published = await discoverKeys(issuer);
  const claims = await verify(token, published, AUDIENCE);
  good(`signature, issuer, audience, type and times are right ${dim('(jose; keys found by OIDC discovery)')}`);
  expect(permits(claims, 'read') && !permits(claims, 'write'), 'the token does not permit exactly the action read');
  good(`it permits read on ${LOCATION}`);
  refused(`it does not permit write on ${LOCATION}`);
  expect(await signatureFails(verify(tamper(token), published, AUDIENCE)), 'a tampered token was not rejected');
  refused('with "read" changed to "write", the signature is invalid');
}

async function askForTooMuch(target: Target, issuer: string, { workload }: Identities): Promise<string> {
  step(3, `orders-service requests a token to write ${LOCATION}, which policy does not permit`);
  const response = await json(await askToken(target, issuer, workload, 'write'), 403, 'the request to write');
  expect(response.error === 'access_denied', `the error is ${response.error} instead of access_denied`);
  refused('403, with no more detail than');
  table(Object.fromEntries(Object.entries(response).map(([name, value]) => [name, String(value)])));
  return String(response.request_id);
}

async function revokeToken(
  target: Target,
  { Issuer, EventBusName }: StackOutputs,
  { resourceServer, operator }: Identities,
  { token, tokenId }: { token: string; tokenId: string },
): Promise<void> {
  step(4, 'An event from the security team revokes the token');
  const introspect = async () =>
    json(await post(target, resourceServer, `${Issuer}/introspect`, { token }), 200, 'introspection');
  expect((await introspect()).active === true, 'introspection does not report the new token as active');
  good('orders-db introspects the token: {"active":true, …}');

  const detail = { version: '1', tokenId, reason: 'laptop stolen' };
  const events = new EventBridgeClient({ ...target, credentials: operator });
  const began = performance.now();
  const { FailedEntryCount } = await events.send(
    new PutEventsCommand({
      Entries: [
        { EventBusName, Source: 'security.team', DetailType: REVOCATION_REQUESTED, Detail: JSON.stringify(detail) },
      ],
    }),
  );
  expect(FailedEntryCount === 0, 'the bus rejected the operator’s event');
  line(`security-operator puts "${REVOCATION_REQUESTED}" on the bus ${EventBusName}:`);
  line(` ${dim(JSON.stringify(detail))}`);
  for (;;) {
    const response = await introspect();
    const took = performance.now() - began;
    if (response.active === false) {
      expect(Object.keys(response).length === 1, 'introspection returns more than "active": false for a revoked token');
      return good(`orders-db introspects again: {"active":false} after ${bold(seconds(took))}`);
    }
    expect(took < PATIENCE, `the token was still active ${seconds(took)} after the event`);
    await sleep(50);
  }
}

async function showAudit(audit: AuditWatch, tokenId: string, deniedRequest: string): Promise<void> {
  step(5, 'The audit events on the bus, in order');
  const ofOurs = (event: AuditEvent): event is TokenEvent =>
    'requestId' in event.detail && (event.detail.tokenId === tokenId || event.detail.requestId === deniedRequest);
  const events = (await audit.receive((seen) => seen.filter(ofOurs).length === 3, PATIENCE)).filter(ofOurs);
  for (const { detailType, detail } of events) {
    const who = detail.subject.split(':').pop();
    line(`${dim(detail.time.slice(11, 23))}  ${bold(detailType.padEnd(13))}  ${dim('token')} ${detail.tokenId}`);
    line(`              ${who} from ${detail.sourceIp}: ${grants(detail.authorizationDetails)} for ${detail.audience}`);
    if ('revokedBy' in detail) line(`              by ${detail.revokedBy}: ${detail.revocationReason}`);
  }
  const types = events.map(({ detailType }) => detailType).join(', ');
  expect(types === 'Token Issued, Token Denied, Token Revoked', `the audit events were: ${types || 'none'}`);
}

function askToken(target: Target, issuer: string, workload: Credentials, action: 'read' | 'write') {
  const detail: AuthorizationDetail = { type: 'resource', locations: [LOCATION], actions: [action] };
  return post(target, workload, `${issuer}/token`, {
    grant_type: 'client_credentials',
    audience: AUDIENCE,
    authorization_details: JSON.stringify([detail]),
    reason: 'nightly report',
  });
}

function showClaims(claims: JWTPayload): void {
  const now = Date.now() / 1000;
  const time = (at: unknown) => {
    const minutes = Math.round((Number(at) - now) / 60);
    return `${at}  ${dim(`${new Date(Number(at) * 1000).toISOString()}, ${minutes > 0 ? `in ${minutes} minutes` : 'now'}`)}`;
  };
  const shown = Object.entries(claims).map(([name, value]) => {
    if (['iat', 'nbf', 'exp'].includes(name)) return [name, time(value)];
    return [name, typeof value === 'string' ? value : JSON.stringify(value)];
  });
  table(Object.fromEntries(shown));
}

/** Reports whether a verified token permits an action on the orders. */
function permits(claims: JWTPayload, action: 'read' | 'write'): boolean {
  const details = claims.authorization_details as AuthorizationDetail[];
  return details.some(({ locations, actions }) => locations.includes(LOCATION) && actions.includes(action));
}

const grants = (details: readonly AuthorizationDetail[]) =>
  details.map(({ actions, locations }) => `${actions.join(' and ')} ${locations.join(', ')}`).join('; ');
