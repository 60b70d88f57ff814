import { type SecurityEventPollRequest, securityEventPollRequest } from '@tvm/contract/security-event-poll.ts';
import { pollSecurityEvents } from '@tvm/core/security-events/poll-security-events.ts';
import type { PendingSecurityEvents } from '@tvm/core/security-events/ports.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { inMemoryPendingSecurityEvents } from '#test/fakes/pending-security-events.ts';

const receivers = {
  'arn:aws:iam::111122223333:role/siem': 'siem',
  'arn:aws:iam::111122223333:user/gateway': 'gateway',
};
const SIEM = 'arn:aws:sts::111122223333:assumed-role/siem/i-0abc';
const GATEWAY = 'arn:aws:iam::111122223333:user/gateway';

let pending: PendingSecurityEvents;
beforeEach(() => {
  pending = inMemoryPendingSecurityEvents();
});

const jtiOf = (second: number) => `17953398${String(second).padStart(3, '0')}-a`;
/** Stores a number of tokens, one a second. */
async function keep(receiver: string, count: number) {
  for (let second = 0; second < count; second++) {
    await pending.keep(receiver, { jti: jtiOf(second), set: `${receiver}.${second}.s` });
  }
}
async function poll(request: Partial<SecurityEventPollRequest> = {}, caller = SIEM) {
  const outcome = await pollSecurityEvents(securityEventPollRequest.parse(request), caller, receivers, pending);
  return outcome.kind === 'given' ? outcome.response : outcome;
}

describe('a polling receiver', () => {
  it('gets its pending tokens by jti, again and again until it acknowledges them (RFC 8936, section 2.4)', async () => {
    await keep('siem', 2);
    const both = { sets: { [jtiOf(0)]: 'siem.0.s', [jtiOf(1)]: 'siem.1.s' }, moreAvailable: false };
    expect(await poll()).toEqual(both);
    expect(await poll()).toEqual(both);
    expect(await poll({ ack: [jtiOf(0)] })).toEqual({ sets: { [jtiOf(1)]: 'siem.1.s' }, moreAvailable: false });
    expect(await poll({ ack: [jtiOf(1), jtiOf(1)] })).toEqual({ sets: {}, moreAvailable: false });
  });

  it('gets the oldest tokens, as many as it requests, and whether there are more', async () => {
    await keep('siem', 3);
    expect(await poll({ maxEvents: 2 })).toEqual({
      sets: { [jtiOf(0)]: 'siem.0.s', [jtiOf(1)]: 'siem.1.s' },
      moreAvailable: true,
    });
    expect(await poll({ maxEvents: 3 })).toMatchObject({ moreAvailable: false });
  });

  it('acknowledges without getting any tokens, with maxEvents 0', async () => {
    await keep('siem', 2);
    expect(await poll({ maxEvents: 0, ack: [jtiOf(0)] })).toEqual({ sets: {}, moreAvailable: true });
    expect(await poll({ maxEvents: 0, ack: [jtiOf(1)] })).toEqual({ sets: {}, moreAvailable: false });
  });

  it('never gets more than 100 tokens at once, and gets all of them with further requests', async () => {
    await keep('siem', 250);
    const had: string[] = [];
    for (const [count, more] of [
      [100, true],
      [100, true],
      [50, false],
    ]) {
      const response = await poll({ maxEvents: 1_000, ack: had.slice(-100) });
      if (!('sets' in response)) throw new Error('it is a receiver');
      expect([Object.keys(response.sets).length, response.moreAvailable]).toEqual([count, more]);
      had.push(...Object.keys(response.sets));
    }
    expect(new Set(had).size).toBe(250);
  });

  it('does not get rejected tokens again', async () => {
    await keep('siem', 2);
    const setErrs = { [jtiOf(0)]: { err: 'invalid_audience', description: 'not for me' } };
    expect(await poll({ setErrs })).toEqual({ sets: { [jtiOf(1)]: 'siem.1.s' }, moreAvailable: false });
  });

  it('neither sees nor removes the tokens of another receiver, whatever it acknowledges', async () => {
    await keep('siem', 1);
    await keep('gateway', 1);
    const setErrs = { [jtiOf(0)]: { err: 'access_denied', description: '' } };
    expect(await poll({ ack: [jtiOf(0), 'siem#x', '../siem'], setErrs }, GATEWAY)).toEqual({
      sets: {},
      moreAvailable: false,
    });
    expect(await poll()).toMatchObject({ sets: { [jtiOf(0)]: 'siem.0.s' } });
  });
});

it.each([
  ['another role', 'arn:aws:sts::111122223333:assumed-role/billing/i-0abc'],
  ['a role with the same name in another account', 'arn:aws:sts::999999999999:assumed-role/siem/i-0abc'],
  ['a user with the name of the role', 'arn:aws:iam::111122223333:user/siem'],
  ['a principal that is neither a role nor a user', 'arn:aws:iam::111122223333:root'],
])('%s is not a receiver: it gets nothing and removes nothing', async (_, caller) => {
  await keep('siem', 1);
  expect(await poll({ ack: [jtiOf(0)] }, caller)).toEqual({ kind: 'no_receiver' });
  expect(await poll()).toMatchObject({ sets: { [jtiOf(0)]: 'siem.0.s' } });
});
