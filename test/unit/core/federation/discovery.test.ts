import { discoveryUrl, readDiscovery } from '@tvm/core/federation/discovery.ts';
import { expect, it } from 'vitest';

const ISSUER = 'https://idp.example.com/tenant';

it.each([
  ['https://idp.example.com', 'https://idp.example.com/.well-known/openid-configuration'],
  ['https://idp.example.com/', 'https://idp.example.com/.well-known/openid-configuration'],
  ['https://idp.example.com/a/b', 'https://idp.example.com/a/b/.well-known/openid-configuration'],
  ['https://idp.example.com/a/', 'https://idp.example.com/a/.well-known/openid-configuration'],
])('the discovery document of %s is at %s', (issuer, url) => {
  expect(discoveryUrl(issuer)).toBe(url);
});

it('a discovery document names the URL of the key set', () => {
  const text = JSON.stringify({ issuer: ISSUER, jwks_uri: 'https://keys.example.com/jwks', claims_supported: ['sub'] });
  expect(readDiscovery(text, ISSUER)).toEqual({ jwksUri: 'https://keys.example.com/jwks' });
});

it.each([
  'https://idp.example.com',
  'https://idp.example.com/tenant/',
  'https://IDP.example.com/tenant',
  'http://idp.example.com/tenant',
  'https://idp.example.com/{tenantid}',
  [ISSUER],
  null,
  undefined,
])('a discovery document of the issuer %j is refused', (issuer) => {
  const text = JSON.stringify({ issuer, jwks_uri: 'https://idp.example.com/jwks' });
  expect(readDiscovery(text, ISSUER)).toEqual({ problem: 'is not of this issuer' });
});

it.each([
  '',
  'null',
  '[]',
  '"text"',
  `{"issuer":"${ISSUER}","issuer":"${ISSUER}","jwks_uri":"https://a.example"}`,
])('a discovery document %j is refused', (text) => {
  expect(readDiscovery(text, ISSUER)).toEqual({ problem: 'is not of this issuer' });
});

it.each([
  undefined,
  null,
  7,
  ['https://a.example'],
  `https://a.example/${'x'.repeat(2_048)}`,
])('a discovery document with another jwks_uri than a URL is refused: case %#', (jwks_uri) => {
  const text = JSON.stringify({ issuer: ISSUER, jwks_uri });
  expect(readDiscovery(text, ISSUER)).toEqual({ problem: 'names no jwks_uri' });
});
