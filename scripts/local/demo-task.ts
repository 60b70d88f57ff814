import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { TokenClaims } from '@tvm/contract/token.ts';
import { decodeJwt } from 'jose';
import type { StackOutputs } from '../emulators/bridges.ts';
import type { Target } from '../emulators/target.ts';
import { workloadRole } from './assumed-role.ts';
import { expect, json, listedAsRevoked, post } from './demo-checks.ts';
import type { Identities } from './identities.ts';
import { bold, dim, good, line, seconds, step } from './terminal.ts';

/**
 * How long, in milliseconds, an event may take to have its effect. LocalStack may poll a queue only every ten seconds.
 */
const PATIENCE = 60_000;

/**
 * Shows that a workload's tokens are revoked when the workload stops: an ECS task gets a token, then stops.
 *
 * @returns the token's ID
 */
export async function stopTask(target: Target, outputs: StackOutputs, { resourceServer }: Identities): Promise<string> {
  step(6, 'An ECS task gets a token, then stops');
  const task = crypto.randomUUID().replaceAll('-', '');
  const session = await workloadRole(target, outputs.WorkloadPolicyArn, 'orders-task');
  const issued = await post(target, await session(task), `${outputs.Issuer}/token`, {
    grant_type: 'client_credentials',
    audience: 'orders-db',
    authorization_details: JSON.stringify([{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }]),
  });
  const { access_token, token_id } = await json(issued, 200, 'the task');
  const [token, tokenId] = [String(access_token), String(token_id)];
  const reference = decodeJwt<TokenClaims>(token).status.status_list;
  const revoked = () => listedAsRevoked(outputs.Issuer, reference);
  good(`the task ${bold(task)} has the token ${tokenId}`);
  expect(!(await revoked()), 'the status list marks a new token as revoked');
  good(`its bit ${reference.idx} in the status list, which verifiers read offline, is 0`);

  const began = performance.now();
  const detail = { taskArn: `arn:aws:ecs:${target.region}:000000000000:task/demo/${task}`, lastStatus: 'STOPPED' };
  await new EventBridgeClient(target).send(
    new PutEventsCommand({
      Entries: [{ Source: 'local.aws.ecs', DetailType: 'ECS Task State Change', Detail: JSON.stringify(detail) }],
    }),
  );
  line(`ECS sends "ECS Task State Change": ${dim(JSON.stringify(detail))}`);
  const active = async () => {
    const response = await post(target, resourceServer, `${outputs.Issuer}/introspect`, { token });
    return (await json(response, 200, 'introspection')).active === true;
  };
  const [inactive, listed] = await Promise.all([
    until(began, async () => !(await active()), 'the token of the stopped task was still active'),
    until(began, revoked, 'the status list did not mark the token as revoked'),
  ]);
  good(`introspection returns {"active":false} after ${bold(seconds(inactive))}`);
  good(`the bit in the status list is 1 after ${bold(seconds(listed))}`);
  return tokenId;
}

/** @returns the milliseconds from `began` until the condition is true */
async function until(began: number, holds: () => Promise<boolean>, otherwise: string): Promise<number> {
  while (!(await holds())) {
    const took = performance.now() - began;
    expect(took < PATIENCE, `${otherwise} ${seconds(took)} after the event`);
    await sleep(50);
  }
  return performance.now() - began;
}
