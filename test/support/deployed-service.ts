import { setTimeout as sleep } from 'node:timers/promises';
import type { Credentials } from '@tvm/api/signature.ts';
import { inject } from 'vitest';
import { curl, formData } from './curl.ts';

const { target, outputs, identities } = inject('deployed');
const { region } = target;

/** The URL of the deployed service, which is also its issuer here. */
export const endpoint = outputs.Issuer;

export const workload = { ...identities.workload, region };
export const ciJob = { ...identities.ciJob, region };
export const resourceServer = { ...identities.resourceServer, region };
export const operator = { ...identities.operator, region };

type Caller = Credentials & { region: string };

export const readOrders = { type: 'resource', locations: ['orders-db/orders'], actions: ['read'] };

/** Sends `POST /token` with curl. */
export function ask(parameters: Record<string, unknown> = {}, caller: Caller | undefined = workload) {
  const request = {
    grant_type: 'client_credentials',
    audience: 'orders-db',
    authorization_details: [readOrders],
    ...parameters,
  };
  return curl(`${endpoint}/token`, caller, ...formData(request));
}

/** Requests a token, again if the service is unavailable, as on a busy computer. @throws if the service issues none */
export async function vend(
  parameters: Record<string, unknown> = {},
  caller?: Caller,
): Promise<{ token: string; tokenId: string }> {
  for (let attempt = 1; ; attempt++) {
    const { status, body } = await ask(parameters, caller);
    if (status === 200) return { token: String(body.access_token), tokenId: String(body.token_id) };
    if (status !== 503 || attempt === 5) throw new Error(`no token: ${status} ${body.error_description}`);
    await sleep(1_000);
  }
}

/** Sends `POST /introspect` with curl. @returns the response’s body */
export async function introspect(token: string, caller: Caller = resourceServer) {
  const { status, body } = await curl(`${endpoint}/introspect`, caller, ...formData({ token }));
  if (status !== 200) throw new Error(`introspection failed: ${status}`);
  return body;
}
