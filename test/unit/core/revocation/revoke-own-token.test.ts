import { parseCaller } from '@tvm/core/identity/caller.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import { revokeOwnToken } from '@tvm/core/revocation/revoke-own-token.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { asking, from, inMemoryService, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';

let tvm: Awaited<ReturnType<typeof inMemoryService>>;
beforeEach(async () => {
  tvm = await inMemoryService();
});

async function issue(request = asking()) {
  const outcome = await issueToken(request, from, rules, tvm);
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  await indexTokens([outcome.tokenId], tvm);
  return outcome;
}

const own = (request: { token?: string; token_id?: string; task?: string }, userArn = from.userArn) =>
  revokeOwnToken(request, parseCaller(userArn)?.subject, 'order-1', rules, tvm);
const states = () => [...tvm.records.states.values()].map(({ status }) => status);

describe('revokeOwnToken', () => {
  it('revokes the caller’s token by the token or by its ID, and a repetition has no effect', async () => {
    const first = await issue();
    const second = await issue();
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

  it('revokes no token of another workload', async () => {
    const { token, tokenId } = await issue(asking({ task: 'deploy-42' }));
    const stranger = 'arn:aws:iam::111122223333:user/stranger';
    expect(await own({ token }, stranger)).toEqual({ kind: 'not_own_token' });
    expect(await own({ token_id: tokenId }, stranger)).toEqual({ kind: 'not_own_token' });
    expect(await own({ token }, 'arn:aws:iam::111122223333:root')).toEqual({ kind: 'not_own_token' });
    expect(await own({ task: 'deploy-42' }, stranger)).toEqual({ kind: 'revoked' });
    expect(await own({ task: 'deploy-42' }, 'arn:aws:iam::111122223333:root')).toEqual({
      kind: 'unsupported_identity',
    });
    expect(states()).toEqual(['issued']);
  });

  it('revokes all of the caller’s tokens for a task, and blocks nobody', async () => {
    await issue(asking({ task: 'deploy-42' }));
    await issue(asking({ task: 'deploy-42' }));
    await issue(asking({ task: 'deploy-43' }));
    await issue();
    expect(await own({ task: 'deploy-42' })).toEqual({ kind: 'revoked' });
    expect(states()).toEqual(['revoked', 'revoked', 'issued', 'issued']);
    expect(await tvm.subjectStatuses.get(SUBJECT)).toEqual({});
    tvm.clock.time += 1;
    await issue(asking({ task: 'deploy-42' }));
  });

  it('succeeds for an invalid or unknown token', async () => {
    expect(await own({ token: 'no.such.token' })).toEqual({ kind: 'revoked' });
    expect(await own({ token_id: '00000000-0000-4000-8000-00000000dead' })).toEqual({ kind: 'revoked' });
    expect(await own({ task: 'never-heard-of' })).toEqual({ kind: 'revoked' });
  });
});
