import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { ask, ciJob, readOrders, vend, workload } from '../support/deployed-machine.ts';
import { eventually } from '../support/eventually.ts';

// By its name after the tests in which ci-job releases: afterwards it may not for a while.
describe('behaviour and network', () => {
  const release = {
    audience: 'releases',
    authorization_details: [{ type: 'resource', locations: ['releases/orders/v17'], actions: ['write'] }],
  };

  it('decide: a caller that is refused again and again is refused what it might have had', async () => {
    const { token } = await vend(release, ciJob);
    expect(decodeJwt(token).obligations).toEqual({ networks: ['build'] });
    for (let refused = 0; refused < 20; refused++) {
      expect((await ask({ authorization_details: [readOrders] }, ciJob)).status).toBe(403);
    }
    await eventually(async () => expect((await ask(release, ciJob)).status).toBe(403));
    // Others are not held by it.
    expect((await ask({}, workload)).status).toBe(200);
  });
});
