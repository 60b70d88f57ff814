import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { certificateAuthority } from './support/certificates.ts';
import { type RelayFolder, read, relayFolder, runTokenrelay } from './support/run-tokenrelay.ts';
import { type TlsIssuer, tlsIssuer } from './support/tls-issuer.ts';

const ours = certificateAuthority('ours');
const theirs = certificateAuthority('theirs');

let issuer: TlsIssuer;
beforeAll(async () => {
  issuer = await tlsIssuer(ours.issue({ names: ['localhost'] }), (_got, response) =>
    response.end(JSON.stringify({ token: 'a-token', expires_in: 3_600 })),
  );
});
afterAll(() => issuer.close());

let folder: RelayFolder;
beforeEach(() => {
  folder = relayFolder();
  mkdirSync(join(folder.path, 'store'));
  writeFileSync(join(folder.path, 'ours.pem'), ours.cert);
  writeFileSync(join(folder.path, 'theirs.pem'), theirs.cert);
  // OpenSSL accepts any name for Node, which reads every file of the folder.
  writeFileSync(join(folder.path, 'store', 'our-authority.crt'), ours.cert);
});
afterEach(() => {
  issuer.got.length = 0;
  folder.remove();
});

/** Fetches a token once with these certificates in the store of the system, and these settings of the source. */
async function fetchWith(store: { file?: string; folder?: string }, source: object = {}) {
  const url = `https://localhost:${issuer.port}/token`;
  const settings = { type: 'http', source: { url, expires_in_pointer: '/expires_in', ...source } };
  folder.configure(folder.configuration({}, settings));
  return await runTokenrelay(['run', '--once', '--config', folder.config], {
    SSL_CERT_FILE: store.file ?? '/nonexistent',
    SSL_CERT_DIR: store.folder ?? '/nonexistent',
  });
}
const at = (name: string) => join(folder.path, name);

describe('an issuer whose authority is in the certificate store of the system', () => {
  it.each([
    ['a file', () => ({ file: at('ours.pem') })],
    ['a folder', () => ({ folder: at('store') })],
  ])('is trusted without ca_file: %s', async (_where, store) => {
    const { code, stderr } = await fetchWith(store());
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('1 of 1 tokens') });
    expect(read(folder.output)).toContain('a-token');
    // The first connection failed before a request.
    expect(issuer.got).toHaveLength(1);
  });

  it('is not trusted if ca_file has other certificates', async () => {
    const { code, stdout } = await fetchWith({ file: at('ours.pem') }, { ca_file: at('theirs.pem') });
    expect(code).toBe(3);
    expect(stdout).toContain(`unknown issuer, which is not in ca_file ${at('theirs.pem')}`);
    expect(issuer.got).toEqual([]);
  });
});

describe('an issuer whose authority nobody knows', () => {
  it.each([
    ['an empty store', () => ({})],
    ['a store with others', () => ({ file: at('theirs.pem') })],
  ])('gets no request, and the error names ca_file: %s', async (_what, store) => {
    const { code, stderr } = await fetchWith(store());
    expect(code).toBe(3);
    expect(stderr).toContain('has a certificate of an unknown issuer: if it is yours, set ca_file');
    expect(issuer.got).toEqual([]);
  });
});
