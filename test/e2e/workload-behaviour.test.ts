import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { ask, ciJob, readOrders, vend, workload } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

// This file's name puts it after the tests in which ci-job releases, because afterwards ci-job may not release for a
// while.
describe('recent behaviour and the network', () => {
  const release = {
    audience: 'releases',
    authorization_details: [{ type: 'resource', locations: ['releases/orders/v17'], actions: ['write'] }],
  };

  it('affect the decision: after repeated denials, a request that was allowed before is denied', async () => {
    const { token } = await vend(release, ciJob);
    expect(decodeJwt(token).obligations).toEqual({ networks: ['build'] });
    for (let refused = 0; refused < 20; refused++) {
      expect((await ask({ authorization_details: [readOrders] }, ciJob)).status).toBe(403);
    }
    await eventually(async () => expect((await ask(release, ciJob)).status).toBe(403));
    // Other callers are not affected.
    expect((await ask({}, workload)).status).toBe(200);
  });
});
