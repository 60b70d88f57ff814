import { mapAtMost } from '@tvm/core/at-most.ts';
import { beforeAll, expect, it } from 'vitest';
import { type AuditListener, auditListener } from '../support/audit-listener.ts';
import { curl, formData } from '../support/curl.ts';
import { ask, ciJob, endpoint, introspect, vend, workload } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

let audit: AuditListener;
beforeAll(async () => {
  audit = await auditListener();
});

/** Returns the largest possible request: 50 locations of 16 segments each, none of which policy permits. */
function mostExpensive() {
  const below = Array.from({ length: 14 }, (_, segment) => `s${segment}`).join('/');
  const locations = Array.from({ length: 50 }, (_, nth) => `vault/${nth}/${below}`);
  return { authorization_details: [{ type: 'resource', locations, actions: ['read'] }] };
}

it('a workload revokes the tokens of its task while another one is denied the most expensive requests', async () => {
  const task = `deploy-${crypto.randomUUID()}`;
  const denied = mapAtMost(3, Array(14).fill(mostExpensive()), (request) => ask(request, ciJob));
  // A slow computer may respond with 503.
  const { token, tokenId } = await eventually(() => vend({ task }), 60_000);
  expect(await introspect(token)).toHaveProperty('active', true);
  expect((await curl(`${endpoint}/revoke`, workload, ...formData({ task }))).status).toBe(200);
  // The revocation applies at once to a stored token, whether it is indexed or not.
  expect(await introspect(token)).toEqual({ active: false });

  const [revoked] = await eventually(async () => {
    const events = (await audit.eventsWith('tokenId', tokenId)).filter(
      ({ detailType }) => detailType === 'Token Revoked',
    );
    expect(events).toHaveLength(1);
    return events;
  });
  const revocationId = revoked && 'revocationId' in revoked.detail ? revoked.detail.revocationId : undefined;
  await eventually(async () => {
    const events = await audit.eventsWith('revocationId', revocationId);
    expect(events.at(-1)).toMatchObject({ detailType: 'Revocation Completed', detail: { revoked: 1 } });
  });
  const statuses = (await denied).map(({ status }) => status).filter((status) => status !== 503);
  expect(statuses).toEqual(Array(statuses.length).fill(403));
  expect(statuses.length).toBeGreaterThan(7);
});
