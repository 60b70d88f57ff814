import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type AuditListener, auditListener } from '../support/audit-listener.ts';
import { curl, formData } from '../support/curl.ts';
import { ask, ciJob, endpoint, introspect, operator, vend } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

const { outputs } = inject('deployed');
const grant = (actions: string[], ...locations: string[]) => ({ type: 'resource', locations, actions });
const asRole = (role: string) => ({ authorization_details: undefined, audience: undefined, scope: `role:${role}` });

let audit: AuditListener;
beforeAll(async () => {
  audit = await auditListener();
});
const eventOf = (tokenId: string) =>
  eventually(async () => {
    const [event] = await audit.eventsWith('tokenId', tokenId);
    expect(event).toBeDefined();
    return event;
  });

describe('a role', () => {
  it('is assumed by its name, and gives each team access to its own part of the data lake', async () => {
    const { status, body } = await ask(asRole('lake-reader'));
    expect(status).toBe(200);
    const ownPart = [grant(['read'], 'data-lake/orders/*')];
    expect(body).toMatchObject({ scope: 'role:lake-reader', authorization_details: ownPart });
    expect(decodeJwt(String(body.access_token))).toMatchObject({
      aud: 'data-lake',
      scope: 'role:lake-reader',
      authorization_details: ownPart,
      policy: outputs.PolicyBundle.slice(0, 12),
    });
    const { token } = await vend(asRole('lake-reader'), ciJob);
    expect(decodeJwt(token).authorization_details).toEqual([grant(['read'], 'data-lake/platform/*')]);

    const event = await eventOf(String(body.token_id));
    expect(event?.detail).toMatchObject({
      role: 'lake-reader',
      access: 'read',
      policies: expect.arrayContaining(['teams-take-lake-reader', 'teams-read-their-own-lake']),
      policyBundle: outputs.PolicyBundle,
    });
  });

  it('that does not exist is denied like a role that may not be assumed', async () => {
    const { status, body } = await ask(asRole('administrator'));
    expect([status, body.error_description]).toEqual([403, 'policy does not allow everything that was requested']);
  });

  it.each([
    ['scope', { ...asRole('x y'), audience: 'a' }, 'invalid_scope'],
    ['authorization_details', { scope: 'role:lake-reader' }, 'invalid_authorization_details'],
    ['grant', { grant: 'some' }, 'invalid_request'],
  ])('and its request are validated by field: %s', async (field, request, error) => {
    const { status, body } = await ask(request);
    expect([status, body.field, body.error]).toEqual([400, field, error]);
  });
});

describe('a subtree', () => {
  it('is granted if everything below it is permitted, and not if something below is forbidden', async () => {
    const { token } = await vend({ audience: 'billing', authorization_details: [grant(['read'], 'billing/*')] });
    expect(decodeJwt(token).authorization_details).toEqual([grant(['read'], 'billing/*')]);
    expect((await ask({ authorization_details: [grant(['read'], 'orders-db/*')] })).status).toBe(403);
    const neighbours = { audience: 'data-lake', authorization_details: [grant(['read'], 'data-lake/*')] };
    expect((await ask(neighbours)).status).toBe(403);
  });
});

describe('a partial grant', () => {
  it('is given if the request allows it', async () => {
    const details = [grant(['read', 'write'], 'orders-db/orders', 'orders-db/shipments')];
    expect((await ask({ authorization_details: details })).status).toBe(403);
    const { status, body } = await ask({ authorization_details: details, grant: 'partial' });
    const granted = [grant(['read'], 'orders-db/orders'), grant(['read', 'write'], 'orders-db/shipments')];
    expect([status, body.authorization_details]).toEqual([200, granted]);
    // By default a token with write access has a shorter lifetime.
    expect(body.expires_in).toBe(300);
    expect(decodeJwt(String(body.access_token)).authorization_details).toEqual(granted);
  });
});

describe('obligations', () => {
  const repair = { audience: 'orders-db-admin', authorization_details: [grant(['write'], 'orders-db/orders')] };

  it('are in the token, which stays small, and shorten its lifetime', async () => {
    const { status, body } = await ask({ ...repair, expires_in: 600, reason: 'order 17 is stuck' });
    expect([status, body.expires_in]).toEqual([200, 120]);
    const token = String(body.access_token);
    const claims = decodeJwt(token);
    expect(claims.obligations).toEqual({ windows: ['maintenance'], single_use: true });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(120);
    expect(token.length).toBeLessThan(1_300);
    const event = await eventOf(String(body.token_id));
    expect(event?.detail).toMatchObject({ access: 'write', expiresIn: 120, obligations: { single_use: true } });
  });

  it('that require a reason are enforced before a token is issued', async () => {
    const { status, body } = await ask(repair);
    expect([status, body.field, body.error_description]).toEqual([
      400,
      'reason',
      'reason is required by policy for this request',
    ]);
  });

  it('are returned by introspection', async () => {
    const { token } = await vend({ ...repair, reason: 'order 17 is stuck' });
    expect(await introspect(token)).toMatchObject({
      active: true,
      obligations: { windows: ['maintenance'], single_use: true },
    });
  });
});

describe('a window', () => {
  it('affects the decision: a request is forbidden during the freeze, and allowed before', async () => {
    const request = {
      subject: 'arn:aws:iam::000000000000:user/ci-job',
      audience: 'releases',
      authorization_details: [grant(['write'], 'releases/payments/v3')],
    };
    const explain = async (time: string) => {
      const { body } = await curl(`${endpoint}/explain/any`, operator, ...formData({ ...request, time }));
      const [pair] = body.pairs as { verdict: string; policies: { id: string }[] }[];
      return [pair?.verdict, pair?.policies.map(({ id }) => id)];
    };
    expect(await explain('2026-12-25T12:00:00Z')).toEqual(['forbidden', ['nobody-releases-in-a-freeze']]);
    expect(await explain('2026-01-05T12:00:00Z')).toEqual(['not_permitted', []]);
  });
});
