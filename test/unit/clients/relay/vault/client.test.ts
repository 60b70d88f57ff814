import { vaultClient } from 'tokenrelay/vault/client.ts';
import { VaultRefusal } from 'tokenrelay/vault/refusal.ts';
import { describe, expect, it } from 'vitest';
import { useVaultOfDocumentedShape } from '#test/relay/support/vault-of-documented-shape.ts';
import { signal } from './a-vault-source.ts';

const vault = useVaultOfDocumentedShape();
const asking = (more: object = {}) => vaultClient({ vault_addr: vault.address, ...more });
const host = () => new URL(vault.address).host;

describe('a client of a Vault of the documented shape', () => {
  it('sends the token, the namespace and the header that no browser can send', async () => {
    vault.instead = () => ({ body: { data: { a: 'b' } } });
    const client = asking({ vault_namespace: 'team/app', vault_addr: `${vault.address}/behind/` });
    const answer = await client.ask({ method: 'POST', path: 'a/b c', token: 'hvs.1', body: { x: 1 } }, signal);
    client.close();
    expect(answer).toEqual({ data: { a: 'b' }, status: 200 });
    expect(vault.asked).toEqual([
      {
        method: 'POST',
        path: '/behind/v1/a/b%20c',
        body: { x: 1 },
        headers: expect.objectContaining({
          'x-vault-token': 'hvs.1',
          'x-vault-namespace': 'team/app',
          'x-vault-request': 'true',
          'content-type': 'application/json',
        }),
      },
    ]);
  });

  it.each([
    [400, 'bad request'],
    [403, 'permission denied'],
    [404, 'nothing exists at this path, or this role may not see it'],
    [412, 'the server does not have all data yet'],
    [429, 'too many requests, or a standby node'],
    [472, 'a disaster recovery secondary'],
    [473, 'a performance standby'],
    [503, 'sealed, or down for maintenance'],
    [307, 'a redirect, which is not followed'],
    [418, 'unknown reason'],
  ])('explains status %i without quoting the response', async (status, meaning) => {
    vault.instead = () => ({
      status,
      headers: { location: '/v1/x', 'retry-after': '7' },
      body: { errors: ['s3cret'] },
    });
    const failure = await asking()
      .ask({ method: 'GET', path: 'kv/app' }, signal)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(VaultRefusal);
    expect(failure).toMatchObject({ status, retryAfter: 7_000 });
    expect(String(failure)).toContain(`Vault at ${host()} responded with status ${status} for kv/app: ${meaning}`);
    expect(JSON.stringify([failure, String(failure), (failure as Error).stack])).not.toContain('s3cret');
    expect(vault.asked).toHaveLength(1);
  });

  it.each([
    ['HTML', { headers: { 'content-type': 'text/html' }, body: '<html></html>' }, /answered 200 with text\/html/],
    ['a list', { body: '[]' }, /not a JSON object/],
    [
      'data of another shape',
      { body: { data: 's3cret' } },
      /responded with status 200, but not with a Vault response$/,
    ],
    [
      'a lease that ends before it starts',
      { body: { lease_duration: -1 } },
      /responded with status 200, but not with a Vault response$/,
    ],
  ])('does not accept %s as a response', async (_what, answer, sentence) => {
    vault.instead = () => answer;
    await expect(asking().ask({ method: 'GET', path: 'kv/app' }, signal)).rejects.toThrow(sentence);
  });

  it('accepts a response without content', async () => {
    vault.instead = () => ({ status: 204 });
    expect(await asking().ask({ method: 'POST', path: 'a' }, signal)).toEqual({ status: 204 });
  });

  it('throws for an accepted status if the body is not a Vault response', async () => {
    vault.instead = () => ({ status: 404, body: '<html>' });
    const request = asking().ask({ method: 'GET', path: 'kv/app' }, signal, [404]);
    await expect(request).rejects.toThrow('responded with status 404 for kv/app');
  });

  it('sends no token that could break its header', async () => {
    const request = asking().ask({ method: 'GET', path: 'a', token: 'hvs\r\nx: y' }, signal);
    await expect(request).rejects.toThrow(/^the token for Vault at \S+ is not a valid Vault token$/);
    expect(vault.asked).toEqual([]);
  });
});
