import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { AuditEvent } from '@tvm/contract/events.ts';
import { expect, it } from 'vitest';
import { eventBridgeAuditBus } from '#lambdas/adapters/eventbridge/audit-bus.ts';

const event = (tokenId: string) =>
  ({ detailType: 'Token Issued', detail: { tokenId, time: '2026-01-01T00:00:00.000Z' } }) as AuditEvent;
const events = ['a', 'b', 'c'].map(event);

/**
 * A bus with a client that accepts the entries that `takes` selects, and rejects whole calls with the error of
 * `refuses`.
 */
function bus(
  takes: (tokenId: string) => boolean,
  refuses: (tokenIds: string[]) => Error | undefined = () => undefined,
) {
  const send = async ({ input }: PutEventsCommand) => {
    const tokenIds = (input.Entries ?? []).map(({ Detail = '{}' }) => JSON.parse(Detail).tokenId);
    const refusal = refuses(tokenIds);
    if (refusal) throw refusal;
    return {
      Entries: tokenIds.map((tokenId) =>
        takes(tokenId) ? { EventId: tokenId } : { ErrorCode: 'ThrottlingException' },
      ),
    };
  };
  return eventBridgeAuditBus({ send } as unknown as EventBridgeClient, 'tvm');
}

it('returns only the rejected entries', async () => {
  expect(await bus((tokenId) => tokenId !== 'b').put(events)).toEqual([event('b')]);
  expect(await bus(() => true).put(events)).toEqual([]);
});

it('sends each event separately if the whole call is rejected, so that one bad event does not block the others', async () => {
  const tooLarge = Object.assign(new Error('too large'), { $fault: 'client' });
  const refuses = (tokenIds: string[]) => (tokenIds.includes('b') ? tooLarge : undefined);
  expect(await bus(() => true, refuses).put(events)).toEqual([event('b')]);
});

it('returns all events if the bus is unreachable', async () => {
  expect(
    await bus(
      () => true,
      () => new Error('no route'),
    ).put(events),
  ).toEqual(events);
});
