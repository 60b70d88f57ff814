import { beforeEach, describe, expect, it } from 'vitest';
import { issueToken } from '../../../core/issue-token.ts';
import { revokeOwnToken } from '../../../core/revoke-own-token.ts';
import { revokeTokens } from '../../../core/revoke-tokens.ts';
import { asking, from, machine, rules, SUBJECT } from '../../fakes/machine.ts';

let tvm: Awaited<ReturnType<typeof machine>>;

async function vend() {
  const outcome = await issueToken(asking(), from, rules, tvm);
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  return outcome;
}

beforeEach(async () => {
  tvm = await machine();
});

describe('revokeOwnToken', () => {
  const own = (request: { token?: string; token_id?: string }, userArn = from.userArn) =>
    revokeOwnToken(request, userArn, rules, tvm);

  it('takes back the caller’s token, by the token or by its id, and again without effect', async () => {
    const first = await vend();
    const second = await vend();
    expect(await own({ token: first.token })).toEqual({ kind: 'revoked' });
    expect(await own({ token_id: second.tokenId })).toEqual({ kind: 'revoked' });
    const revokedAt = tvm.clock.now();
    tvm.clock.time += 1000;
    expect(await own({ token: first.token })).toEqual({ kind: 'revoked' });
    expect([...tvm.records.states.values()]).toMatchObject([
      { status: 'revoked', revokedAt, revokedBy: SUBJECT },
      { status: 'revoked', revokedAt, revokedBy: SUBJECT },
    ]);
  });

  it('takes nothing back from another workload', async () => {
    const { token, tokenId } = await vend();
    const stranger = 'arn:aws:iam::111122223333:user/stranger';
    expect(await own({ token }, stranger)).toEqual({ kind: 'not_own_token' });
    expect(await own({ token_id: tokenId }, stranger)).toEqual({ kind: 'not_own_token' });
    expect(await own({ token }, 'arn:aws:iam::111122223333:root')).toEqual({ kind: 'not_own_token' });
    expect(tvm.records.states.get(tokenId)?.status).toBe('issued');
  });

  it('is content with what is no token, or unknown', async () => {
    expect(await own({ token: 'no.such.token' })).toEqual({ kind: 'revoked' });
    expect(await own({ token_id: '00000000-0000-4000-8000-00000000dead' })).toEqual({ kind: 'revoked' });
  });
});

describe('revokeTokens', () => {
  it('takes back one token once', async () => {
    const { tokenId } = await vend();
    expect(await revokeTokens({ tokenId, by: 'security.team', reason: 'leaked' }, tvm)).toBe(1);
    expect(await revokeTokens({ tokenId, by: 'security.team' }, tvm)).toBe(0);
    expect(tvm.records.states.get(tokenId)).toMatchObject({
      status: 'revoked',
      revokedBy: 'security.team',
      revocationReason: 'leaked',
    });
  });

  it('takes back all of a subject, and only them', async () => {
    for (let count = 0; count < 3; count++) await vend();
    expect(await revokeTokens({ subject: 'arn:aws:iam::111122223333:role/other', by: 'me' }, tvm)).toBe(0);
    expect(await revokeTokens({ subject: SUBJECT, by: 'me' }, tvm)).toBe(3);
    expect(await revokeTokens({ subject: SUBJECT, by: 'me' }, tvm)).toBe(0);
  });

  it('raises the watermark before it touches a record', async () => {
    await vend();
    const order: string[] = [];
    const { raise } = tvm.watermarks;
    const { revoke } = tvm.records;
    tvm.watermarks.raise = async (...args) => {
      order.push('watermark');
      await raise(...args);
    };
    tvm.records.revoke = async (...args) => {
      order.push('record');
      return revoke(...args);
    };
    await revokeTokens({ subject: SUBJECT, by: 'me' }, tvm);
    expect(order).toEqual(['watermark', 'record']);
  });

  it('leaves what has expired as it is', async () => {
    const { tokenId } = await vend();
    tvm.clock.time += 900_000;
    expect(await revokeTokens({ tokenId, by: 'me' }, tvm)).toBe(0);
    expect(tvm.records.states.get(tokenId)?.status).toBe('issued');
  });
});
