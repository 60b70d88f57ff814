import { auditEvents } from '@tvm/contract/events.ts';
import { auditEvent } from '@tvm/core/audit/audit-event.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { tokenLife } from '@tvm/core/tokens-view/token-life.ts';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { toItem } from '#lambdas/adapters/dynamo/items.ts';
import { ISSUER, rules } from '#test/fakes/in-memory-service.ts';
import { asserting, exchanging, federatedService, origin, send } from '#test/support/federated-service.ts';
import { issuerKey } from '#test/support/proofs.ts';

let tvm: Awaited<ReturnType<typeof federatedService>>;
beforeEach(async () => {
  tvm = await federatedService();
});

const records = () => [...tvm.records.states.values()];

async function issued(outcome: ReturnType<typeof send>) {
  const result = await outcome;
  if (result.kind !== 'issued') throw new Error(JSON.stringify(result));
  return { ...result, claims: decodeJwt(result.token) };
}

describe('a proof', () => {
  it('gets a token for the mapped subject by policy, and its record keeps the mapped claims', async () => {
    const { claims, tokenId } = await issued(send(exchanging(tvm.proof('ci')), tvm));
    expect(claims).toMatchObject({ sub: 'ci:project:7', client_id: 'ci:project:7', aud: 'orders-db' });
    expect(records()).toMatchObject([
      { tokenId, status: 'issued', subject: 'ci:project:7', account: '', claims: { project: '7' } },
    ]);
  });

  it('of a client is an assertion with the name of its entry', async () => {
    const { claims } = await issued(send(asserting(tvm.proof('batch'), { client_id: 'batch' }), tvm));
    expect(claims.sub).toBe('batch:batch');
  });

  it('needs no client_id if one entry has its issuer, and is never matched with another entry', async () => {
    await issued(send(exchanging(tvm.proof('mesh'), { client_id: 'mesh' }), tvm));
    expect(await send(exchanging(tvm.proof('mesh'), { client_id: 'pods' }), tvm)).toMatchObject({
      kind: 'proof_refused',
    });
  });

  it('of an issuer is no client assertion, and an assertion is nothing to exchange', async () => {
    for (const client_id of [undefined, 'ci', 'batch']) {
      const named = client_id === undefined ? {} : { client_id };
      expect(await send(asserting(tvm.proof('ci'), named), tvm)).toMatchObject({ kind: 'proof_refused' });
      expect(await send(exchanging(tvm.proof('batch'), named), tvm)).toMatchObject({ kind: 'proof_refused' });
    }
    expect(records().filter(({ status }) => status === 'issued')).toEqual([]);
  });

  it('that policy denies is denied like any other request, and is not used up', async () => {
    const proof = tvm.proof('ci');
    expect(
      await send(
        exchanging(proof, {
          audience: 'billing',
          authorization_details: [{ type: 'resource', locations: ['billing'], actions: ['read'] }],
        }),
        tvm,
      ),
    ).toMatchObject({ kind: 'denied', denial: 'policy' });
    await issued(send(exchanging(proof), tvm));
  });

  it('from another network than its entry names is refused, and recorded with the address', async () => {
    expect(await send(exchanging(tvm.proof('office')), tvm)).toMatchObject({
      kind: 'proof_refused',
      problem: 'the proof was not accepted',
    });
    expect(records()).toMatchObject([
      {
        status: 'denied',
        denial: 'proof_refused',
        subject: 'office',
        refusedProof: { claim: 'source address', expected: 'in office', found: origin.sourceIp, signed: true },
      },
    ]);
    await issued(send(exchanging(tvm.proof('office')), tvm, { ...origin, sourceIp: '198.51.100.9' }));
    await issued(send(exchanging(tvm.proof('office')), tvm, { ...origin, sourceIp: '::ffff:198.51.100.9' }));
  });
});

describe('the token', () => {
  it('never expires after its proof, whatever was requested', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3_600 }),
        fc.option(fc.integer({ min: 1, max: 3_600 }), { nil: undefined }),
        fc.integer({ min: 0, max: 999 }),
        async (left, expires_in, milliseconds) => {
          const fresh = await federatedService();
          fresh.clock.time = fresh.now * 1000 + milliseconds;
          const exp = fresh.now + left;
          const request = exchanging(fresh.proof('pods', { exp }), expires_in === undefined ? {} : { expires_in });
          const { claims, lifetime } = await issued(send(request, fresh));
          expect(claims.exp).toBe(fresh.now + Math.min(left, expires_in ?? 900));
          expect(lifetime).toBe(Math.min(left, expires_in ?? 900));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('may expire after its proof if the entry says so', async () => {
    const { lifetime } = await issued(send(exchanging(tvm.proof('mesh', { exp: tvm.now + 5 })), tvm));
    expect(lifetime).toBe(900);
  });

  it('is not issued for a proof that expired within the tolerated difference of clocks', async () => {
    expect(await send(exchanging(tvm.proof('pods', { exp: tvm.now - 5 })), tvm)).toEqual({
      kind: 'proof_refused',
      parameter: 'subject_token',
      problem: 'the proof has expired: request a new one',
    });
    expect(records()).toEqual([]);
  });

  it('has a fractional expiry of the proof rounded down, and an enormous one does no harm', async () => {
    const fraction = await issued(send(exchanging(tvm.proof('pods', { exp: tvm.now + 60.9 })), tvm));
    expect(fraction.claims.exp).toBe(tvm.now + 60);
    expect((await issued(send(exchanging(tvm.proof('ci', { exp: 1e300 })), tvm))).lifetime).toBe(900);
  });

  it('has at most the maximum lifetime of the deployment', async () => {
    expect(await send(exchanging(tvm.proof('pods'), { expires_in: 3_601 }), tvm)).toMatchObject({
      kind: 'bad_request',
      bad: { field: 'expires_in', problem: 'must be at most 3600 seconds' },
    });
  });
});

describe('a proof that may be used once', () => {
  it('gets no second token, and the second use is recorded', async () => {
    const proof = tvm.proof('ci');
    await issued(send(exchanging(proof), tvm));
    expect(await send(exchanging(proof), tvm)).toEqual({
      kind: 'proof_refused',
      parameter: 'subject_token',
      problem: 'the proof was used before: request a new one',
    });
    expect(records()).toMatchObject([
      { status: 'issued' },
      { status: 'denied', denial: 'proof_used', subject: 'ci:project:7' },
    ]);
  });

  it.each(['with', 'without'])('gets one token of many requests at once, %s a jti', async (having) => {
    const proof = tvm.proof('ci', having === 'with' ? {} : { jti: undefined });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => send(exchanging(proof), tvm)));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['issued', ...Array(7).fill('proof_refused')]);
    expect(records().filter(({ status }) => status === 'issued')).toHaveLength(1);
  });

  it('is identified by its jti, so that a second proof with the same jti is the same', async () => {
    const jti = 'one';
    await issued(send(exchanging(tvm.proof('ci', { jti })), tvm));
    expect(await send(exchanging(tvm.proof('ci', { jti, nonce: 'other' })), tvm)).toMatchObject({
      kind: 'proof_refused',
    });
    await issued(send(asserting(tvm.proof('batch', { jti })), tvm));
  });

  it('costs neither a signature nor a record when it is sent again and again, also for other audiences', async () => {
    const proof = tvm.proof('ci');
    let signatures = 0;
    const sign: typeof tvm.signer.sign = (input) => {
      signatures++;
      return tvm.signer.sign(input);
    };
    const ports = { ...tvm, signer: { ...tvm.signer, sign } };
    await issued(send(exchanging(proof), ports));
    for (let count = 0; count < 30; count++) {
      const outcome = await send(exchanging(proof, { audience: `a-${count}` }), ports);
      expect(outcome).toMatchObject({ kind: 'proof_refused', problem: 'the proof was used before: request a new one' });
    }
    expect(signatures).toBe(2);
    expect(records().map(({ status }) => status)).toEqual(['issued', 'denied']);
    await issued(send(exchanging(tvm.proof('ci')), ports));
  });

  it('for each audience is still accepted for another one after its use was refused', async () => {
    const proof = tvm.proof('mesh');
    await issued(send(exchanging(proof), tvm));
    for (let count = 0; count < 2; count++) {
      expect(await send(exchanging(proof), tvm)).toMatchObject({ kind: 'proof_refused' });
    }
    await issued(send(exchanging(proof, { audience: 'reports' }), tvm));
  });

  it('gets no second token from another entry with its issuer', async () => {
    const proof = tvm.proof('shop');
    await issued(send(exchanging(proof, { client_id: 'shop' }), tvm));
    expect(await send(exchanging(proof, { client_id: 'shop-deploy' }), tvm)).toMatchObject({
      kind: 'proof_refused',
      problem: 'the proof was used before: request a new one',
    });
  });

  it('gets one token for each audience if the entry says so', async () => {
    const proof = tvm.proof('mesh');
    const to = (audience: string) => send(exchanging(proof, { audience }), tvm);
    await issued(to('orders-db'));
    await issued(to('reports'));
    expect(await to('reports')).toMatchObject({ kind: 'proof_refused' });
  });

  it('can be used again if the entry says so', async () => {
    const proof = tvm.proof('pods');
    await issued(send(exchanging(proof), tvm));
    await issued(send(exchanging(proof), tvm));
  });

  const failing = async () => Promise.reject(new DependencyFault('KMS', new Error('throttled')));
  it.each([
    ['signature', () => ({ signer: { ...tvm.signer, sign: failing } })],
    ['signing key', () => ({ signer: { ...tvm.signer, key: failing } })],
    ['subject status', () => ({ subjectStatuses: { ...tvm.subjectStatuses, get: failing } })],
    ['status list', () => ({ statusIndexes: { take: failing } })],
    ['keys of the issuer', () => ({ proofKeys: { keysOf: failing } })],
  ])('is not used up if the %s fails', async (_, outage) => {
    const proof = tvm.proof('ci');
    await expect(send(exchanging(proof), { ...tvm, ...outage() })).rejects.toThrow(DependencyFault);
    expect(records().filter(({ status }) => status !== 'denied')).toEqual([]);
    await issued(send(exchanging(proof), tvm));
  });

  it('is not used up if its subject is blocked, and is used up once if its subject is limited', async () => {
    const until = tvm.clock.now() + 60_000;
    const by = { by: 'operator', at: tvm.clock.now() };
    const proof = tvm.proof('ci');
    await tvm.subjectStatuses.block('ci:project:7', { until, ...by });
    expect(await send(exchanging(proof), tvm)).toMatchObject({ kind: 'denied', denial: 'subject_blocked' });
    await tvm.subjectStatuses.unblock('ci:project:7', by);
    await tvm.subjectStatuses.limit('ci:project:7', { until, lifetime: 30, ...by });
    expect((await issued(send(exchanging(proof), tvm))).lifetime).toBe(30);
    expect(await send(exchanging(proof), tvm)).toMatchObject({ kind: 'proof_refused' });
  });
});

describe('a refused proof', () => {
  it('is recorded with the claim that failed if the issuer signed it, and its event says so', async () => {
    for (let count = 0; count < 3; count++) await send(exchanging(tvm.proof('ci', { project: '8' })), tvm);
    const refusedProof = { trust: 'ci', claim: 'project', expected: '"7"', found: '"8"', signed: true };
    const denied = { status: 'denied', denial: 'proof_refused', subject: 'ci', account: '', refusedProof };
    expect(records()).toMatchObject([denied, denied, denied]);
    const [record] = records();
    if (record === undefined) throw new Error('no record');
    const ports = { ...tvm, traces: { of: async () => ({ introspections: [], facts: [], more: false }) } };
    const life = await tokenLife(record.tokenId, ISSUER, ports);
    expect(life).toMatchObject({ kind: 'life', life: { state: 'denied', refused_proof: refusedProof } });
    const event = auditEvent(undefined, { kind: 'record', record }, 'a'.repeat(32));
    expect(event?.detailType).toBe('Token Denied');
    expect(auditEvents['Token Denied'].strict().parse(event?.detail)).toMatchObject({
      denial: 'proof_refused',
      refusedProof,
    });
  });

  it('is recorded at most once per entry and minute if nobody may have signed it', async () => {
    const forged = (name: string) => tvm.proof(name, {}, {}, issuerKey('RS256'));
    for (const name of ['ci', 'ci', 'mesh', 'ci']) await send(exchanging(forged(name)), tvm);
    expect(records()).toMatchObject([
      { subject: 'ci', denial: 'proof_refused', refusedProof: { claim: 'signature', signed: false } },
      { subject: 'mesh' },
    ]);
    tvm.clock.time += 60_000;
    await send(exchanging(forged('ci')), tvm);
    expect(records()).toHaveLength(3);
  });

  it('is recorded at most ten times per entry and minute if the issuer signed it, because an issuer may serve anybody', async () => {
    const foreign = tvm.proof('ci', { project: '8' });
    for (let count = 0; count < 40; count++) {
      await send(exchanging(count % 2 === 0 ? foreign : tvm.proof('ci', { project: '8' })), tvm);
      await send(exchanging(tvm.proof('office')), tvm);
    }
    const ofEntry = (name: string) => records().filter(({ subject }) => subject === name).length;
    expect([ofEntry('ci'), ofEntry('office')]).toEqual([10, 10]);
    // Neither kind of refusal hides the other.
    await send(exchanging(tvm.proof('ci', {}, {}, issuerKey('RS256'))), tvm);
    expect(ofEntry('ci')).toBe(11);
    tvm.clock.time += 60_000;
    await send(exchanging(foreign), tvm);
    expect(ofEntry('ci')).toBe(12);
  });

  it.each([
    ['nobody signed', () => tvm.proof('ci', {}, {}, issuerKey('RS256'))],
    ['the issuer signed', () => tvm.proof('ci', { project: '8' })],
  ])('that %s is stored no longer than the record of any token, whatever lifetime was requested', async (_, proof) => {
    await send(exchanging(proof(), { expires_in: Number.MAX_SAFE_INTEGER }), tvm);
    const ttl = tvm.now + rules.maxLifetime + rules.recordRetention;
    expect(records()).toMatchObject([{ denial: 'proof_refused', lifetime: rules.maxLifetime, ttl }]);
    // The store rejects numbers that are not safe, which would be an internal error.
    expect(() => records().map(toItem)).not.toThrow();
  });

  it('of an unknown entry is not recorded', async () => {
    await send(exchanging(tvm.proof('ci'), { client_id: 'nobody' }), tvm);
    await send(exchanging(tvm.proof('away')), tvm);
    await send(exchanging('not a proof'), tvm);
    expect(records()).toEqual([]);
  });

  it('has a record of bounded size that contains no part of the proof', async () => {
    const proof = tvm.proof('ci', { project: 'x'.repeat(4_000) });
    await send(exchanging(proof), tvm);
    const text = JSON.stringify(records());
    expect(text.length).toBeLessThan(2_000);
    for (const part of proof.split('.')) expect(text).not.toContain(part);
  });
});
