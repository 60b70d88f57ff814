import { archiveBatch } from '@tvm/core/audit/archive/archive-batch.ts';
import type { Finding } from '@tvm/core/audit/archive/check-object.ts';
import { readEvents } from '@tvm/core/audit/archive/read-events.ts';
import { expect, it } from 'vitest';
import { inMemoryAdopted, inMemoryArchive } from '#test/fakes/in-memory-archive.ts';
import { NOON } from '#test/support/archived-events.ts';

it('finds the revocation of an inactive token by the token’s id', async () => {
  const tokenId = '35445779-b11b-466e-9611-a4ba0a6b9a7d';
  const completed = {
    detailType: 'Revocation Completed',
    revocationId: 'r-1',
    revoked: 0,
    time: '2026-11-22T12:00:00Z',
  };
  const objects = inMemoryArchive();
  const events = [
    { eventId: 'found', at: NOON, record: { ...completed, eventId: 'found', selector: { tokenId } } },
    { eventId: 'other', at: NOON, record: { ...completed, eventId: 'other', selector: { subject: 'arn:x' } } },
    { eventId: 'none', at: NOON, record: { ...completed, eventId: 'none' } },
  ];
  await archiveBatch(events, { objects, adopted: inMemoryAdopted() });
  const shown: string[] = [];
  const findings: Finding[] = [];
  const found = (finding: Finding) => findings.push(finding);
  // The object is newer than the last digest, so it is pending.
  const input = { archive: objects, keys: { jwks: { keys: [] } }, filter: { tokenId }, now: NOON + 60_000, found };
  for await (const { record } of readEvents(input)) shown.push(record.eventId);
  expect([shown, findings]).toEqual([['found'], []]);
});
