import { readBySchema } from 'tokenrelay/config/schema-faults.ts';
import { clientCredentialsSettings } from 'tokenrelay/sources/oauth2/settings.ts';
import { describe, expect, it } from 'vitest';

// From the first published configuration, which must work unchanged.
const seed = {
  endpoint: 'https://auth.example.com/oauth/token',
  client_id: 'tokenrelay_vm_client',
  client_secret_path: '/etc/tokenrelay/secrets/oauth_client_secret',
  scope: 'api.read api.write',
};
const { client_secret_path: _, ...withoutSecret } = seed;
const key = { private_key_path: '/etc/tokenrelay/secrets/key.pem' };

function faults(settings: object): string[] {
  const { faults } = readBySchema(clientCredentialsSettings, settings);
  return faults.map(({ path, problem }) => `${path.join('.')} ${problem}`);
}

describe('the settings of client credentials', () => {
  it('may have a secret or a key', () => {
    expect(faults(seed)).toEqual([]);
    expect(faults({ ...withoutSecret, ...key })).toEqual([]);
    expect(faults({ ...withoutSecret, client_secret: { env: 'SECRET' }, resource: ['https://a.example'] })).toEqual([]);
  });

  it.each([
    [withoutSecret, /client_secret_path is missing/],
    [{ ...withoutSecret, authentication: 'client_secret_basic' }, /client_secret_path is missing/],
    [{ ...seed, authentication: 'private_key_jwt' }, /private_key_path is missing/],
    [{ ...seed, ...key }, /client_secret_path must be removed/],
    [{ ...seed, ...key, authentication: 'client_secret_post' }, /private_key_path must be removed/],
    [
      { ...seed, parameters: { scope: 'all' } },
      /parameters\.scope must not be a parameter that this source sets itself/,
    ],
    [{ ...seed, token_types: ['DPoP'] }, /token_types\.0 must be a type that is used like a bearer token/],
    [{ ...seed, token_types: ['MAC'] }, /token_types\.0 must be a type that is used like a bearer token/],
    [{ ...seed, token_types: ['a b'] }, /token_types\.0 must be a token type, such as JWT/],
    [{ ...seed, token_types: [] }, /token_types/],
    [{ ...seed, endpoint: 'http://auth.example.com/' }, /endpoint must be an https URL/],
  ])('are not %j', (settings, fault) => {
    expect(faults(settings).join('\n')).toMatch(fault);
  });
});
