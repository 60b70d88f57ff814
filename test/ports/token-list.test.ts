import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { Mac } from '@tvm/core/keys/ports.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { TokenRecords } from '@tvm/core/records/ports.ts';
import type { IssuedRecord } from '@tvm/core/records/token-record.ts';
import type { OpenToken, OpenTokens } from '@tvm/core/tokens-view/ports.ts';
import { describe, expect, inject, it } from 'vitest';
import { dynamoAuditFacts } from '#lambdas/adapters/dynamo/audit-facts.ts';
import { dynamoIntrospections } from '#lambdas/adapters/dynamo/introspections.ts';
import { dynamoOpenTokens } from '#lambdas/adapters/dynamo/open-tokens.ts';
import { dynamoTokenRecords } from '#lambdas/adapters/dynamo/token-records.ts';
import { dynamoTokenTraces } from '#lambdas/adapters/dynamo/token-traces.ts';
import { kmsMac } from '#lambdas/adapters/kms/mac.ts';
import { inMemoryRecords } from '../fakes/in-memory-records.ts';
import { inMemoryOpenTokens, localMac } from '../fakes/tokens-view.ts';
import { eventually } from '../support/eventually.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const kms = new KMSClient(target);

async function macOfKms(): Promise<Mac> {
  const command = new CreateKeyCommand({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  const { KeyMetadata } = await kms.send(command);
  return kmsMac(kms, KeyMetadata?.Arn ?? '');
}

describe.each<[string, () => Promise<Mac>]>([
  ['this process', async () => localMac(crypto.randomUUID())],
  ['KMS', macOfKms],
])('a MAC with a key in %s', (_, make) => {
  it('verifies its text, and no other', async () => {
    const mac = await make();
    const code = await mac.of('a text');
    expect(code).toHaveLength(32);
    expect(await mac.fits('a text', code)).toBe(true);
    expect(await mac.of('a text')).toEqual(code);
    expect(await mac.fits('another text', code)).toBe(false);
    expect(
      await mac.fits(
        'a text',
        code.map((byte) => byte ^ 1),
      ),
    ).toBe(false);
    expect(await mac.fits('a text', code.subarray(1))).toBe(false);
    expect(await (await make()).fits('a text', code)).toBe(false);
  });
});

it('a missing key is an error of KMS', async () => {
  const mac = kmsMac(kms, crypto.randomUUID());
  await expect(mac.of('a text')).rejects.toThrow(DependencyFault);
  await expect(mac.fits('a text', new Uint8Array(32))).rejects.toThrow(DependencyFault);
});

const inMemory = inMemoryRecords();
const stores: [string, TokenRecords, OpenTokens][] = [
  ['in memory', inMemory, inMemoryOpenTokens(inMemory)],
  ['DynamoDB', dynamoTokenRecords(dynamo, outputs.TableName), dynamoOpenTokens(dynamo, outputs.TableName, 3_600)],
];

describe.each(stores)('unexpired tokens: %s', (_, records, tokens) => {
  it('are all issued tokens that have not expired, failed or been revoked', async () => {
    const now = Date.now();
    const subject = `arn:aws:iam::111122223333:role/open-${process.pid}`;
    const issued = (expiresAt: number, write = false): IssuedRecord => ({
      status: 'issued',
      tokenId: crypto.randomUUID(),
      subject,
      account: '111122223333',
      audience: 'orders-db',
      authorizationDetails: [
        { type: 'resource', locations: ['orders-db/orders'], actions: [write ? 'write' : 'read'] },
      ],
      lifetime: 900,
      sourceIp: '203.0.113.7',
      requestId: 'request-1',
      decidedAt: now - 1_000,
      policies: [],
      policyBundle: 'e'.repeat(64),
      ttl: Math.floor(now / 1000) + 7_200,
      expiresAt,
      keyId: 'key-1',
      statusList: { list: 1, index: 0 },
      size: 800,
      signedDigest: new Uint8Array(32),
    });
    const soon = issued(now + 90_000);
    const late = issued(now + 3_600_000, true);
    const revoked = issued(now + 90_000);
    const failed = issued(now + 90_000);
    for (const record of [soon, late, revoked, failed]) await records.put(record);
    await records.revoke(revoked.tokenId, { revokedAt: now, revokedBy: 'security.team' });
    await records.markFailed(failed.tokenId, { failure: 'signing_failed', failedAt: now });
    await eventually(async () => {
      const found: OpenToken[] = [];
      for await (const some of tokens.at(now)) found.push(...some.filter((token) => token.subject === subject));
      const { audience, decidedAt } = soon;
      expect(found.sort((a, b) => a.expiresAt - b.expiresAt)).toMatchObject([
        { subject, audience, decidedAt, access: 'read', expiresAt: soon.expiresAt },
        { subject, audience, decidedAt, access: 'write', expiresAt: late.expiresAt },
      ]);
    });
  });
});

describe('the traces of a token in DynamoDB', () => {
  it('are its introspections and its reported uses, and those of no other token', async () => {
    const traces = dynamoTokenTraces(dynamo, outputs.TableName);
    const now = Date.now();
    const tokenId = crypto.randomUUID();
    const about = { tokenId, subject: 'arn:aws:iam::111122223333:role/x', audience: 'orders-db', by: 'arn:aws:x' };
    expect(await traces.of(tokenId)).toEqual({ introspections: [], facts: [], more: false });

    const introspections = dynamoIntrospections(dynamo, outputs.TableName);
    const ttl = Math.floor(now / 1000) + 3_600;
    for (const result of ['active', 'active', 'revoked'] as const)
      await introspections.add({ ...about, result }, now, ttl);
    await introspections.add({ ...about, tokenId: crypto.randomUUID(), result: 'active' }, now, ttl);
    const detail = {
      ...about,
      time: new Date(now).toISOString(),
      ...{ action: 'read' as const, location: 'orders-db/orders', outcome: 'allowed' as const },
    };
    await dynamoAuditFacts(dynamo, outputs.TableName, 3_600).put(crypto.randomUUID(), {
      detailType: 'Token Used',
      detail,
    });

    const found = await traces.of(tokenId);
    expect(found.introspections).toMatchObject([
      { ...about, result: 'revoked', count: 1, last: now },
      { ...about, result: 'active', count: 2, last: now },
    ]);
    expect(found.facts).toEqual([{ detailType: 'Token Used', detail }]);
    expect(found.more).toBe(false);
  });
});
