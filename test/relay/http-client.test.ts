import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer } from 'node:http';
import { type AddressInfo, createServer as createSilentServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { type HttpClient, type HttpRequest, httpClient, type Reach } from 'tokenrelay/http/client.ts';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import type { Transport } from 'tokenrelay/settings/transport.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { certificateAuthority } from './support/certificates.ts';
import { type ConnectProxy, connectProxy } from './support/connect-proxy.ts';
import { lookUp, lookUpAsBefore } from './support/looked-up.ts';
import { type TlsIssuer, tlsIssuer } from './support/tls-issuer.ts';

const MIB = 1024 * 1024;
const SECRET = 's3cret-in-the-query';
const ours = certificateAuthority('ours');
const theirs = certificateAuthority('theirs');
const names = ['localhost', 'auth.example.test'];

let folder: string;
let issuer: TlsIssuer;
const toClose: { close(): unknown }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-http-'));
  await writeFile(join(folder, 'ca.pem'), ours.cert);
  issuer = await tlsIssuer(ours.issue({ names }), ({ path }, response) => {
    const [, kind] = /^\/(\w*)/.exec(path ?? '') ?? [];
    if (kind === 'moved') response.writeHead(302, { location: '/elsewhere' }).end();
    else if (kind === 'hang') return;
    else if (kind === 'trickle') {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    } else if (kind === 'cut')
      response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
    else if (kind === 'binary') response.end(Buffer.from([0xff, 0xfe]));
    else if (kind === 'endless') {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
      };
      response.on('drain', more);
      more();
    } else if (kind === 'full') response.end('x'.repeat(MIB));
    else response.end('an answer');
  });
});
afterEach(async () => {
  lookUpAsBefore();
  issuer.got.length = 0;
  await Promise.all(toClose.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await issuer.close();
  await rm(folder, { recursive: true });
});

function closing<Closable extends { close(): unknown }>(each: Closable): Closable {
  toClose.push(each);
  return each;
}
const trusting = (more: Transport = {}): Transport => ({ ca_file: join(folder, 'ca.pem'), ...more });
const clientOf = (transport: Transport = trusting(), reach: Reach = 'issuer') => closing(httpClient(transport, reach));
const at = (path: string, host = 'localhost', port = issuer.port) => `https://${host}:${port}${path}?key=${SECRET}`;
const get = (url: string): HttpRequest => ({ method: 'GET', url });
const never = () => new AbortController().signal;

async function failure(client: HttpClient, request: HttpRequest, signal = never()): Promise<string> {
  const error: unknown = await client.send(request, signal).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SourceFailure);
  const { message, cause } = error as SourceFailure;
  // No failure may reveal what was sent.
  expect(`${message} ${cause}`).not.toContain(SECRET);
  return message;
}

describe('a request', () => {
  it('is sent unchanged, and requests no compression', async () => {
    const headers = { 'x-one': 'a' };
    const answer = await clientOf().send({ method: 'POST', url: at('/'), headers, body: 'a=1' }, never());
    expect(answer).toMatchObject({ status: 200, body: 'an answer' });
    expect(issuer.got).toMatchObject([
      { method: 'POST', path: `/?key=${SECRET}`, body: 'a=1', headers: { ...headers, 'accept-encoding': 'identity' } },
    ]);
  });

  it('does not follow a redirect', async () => {
    expect(await clientOf().send(get(at('/moved')), never())).toMatchObject({ status: 302 });
    expect(issuer.got).toHaveLength(1);
  });

  it('reuses the previous connection, until the client is closed', async () => {
    const client = clientOf();
    await client.send(get(at('/')), never());
    await client.send(get(at('/')), never());
    const [first, second] = issuer.got.map(({ socket }) => socket);
    expect(second).toBe(first);
    client.close();
    await new Promise((resolve) => (first?.destroyed ? resolve(0) : first?.once('close', resolve)));
    expect(first?.destroyed).toBe(true);
  });

  it('with a line break in a header is not sent, and the error does not contain the header', async () => {
    const headers = { authorization: `Bearer ${SECRET}\r\nx: y` };
    expect(await failure(clientOf(), { ...get(at('/')), headers })).toContain('header contains a line break');
    expect(issuer.got).toEqual([]);
  });
});

describe('a missing response', () => {
  const hasty = () => clientOf(trusting({ timeout_seconds: 0.2 }));

  it.each(['/hang', '/trickle'])('times out if it is not complete: %s', async (path) => {
    expect(await failure(hasty(), get(at(path)))).toBe(
      `localhost:${issuer.port} sent no complete response within 0.2 seconds`,
    );
  });

  it('with a hanging name server causes one lookup per name, because only few lookups run at a time', async () => {
    const lookedUp = lookUp({ 'hangs.example.test': [] });
    for (const client of [hasty(), hasty()]) {
      expect(await failure(client, get('https://hangs.example.test/'))).toContain('within 0.2 seconds');
    }
    expect(lookedUp).toEqual(['hangs.example.test']);
  });

  it('closes the connection, so that nothing remains open', async () => {
    await failure(hasty(), get(at('/trickle')));
    const socket = issuer.got[0]?.socket;
    await new Promise((resolve) => (socket?.destroyed ? resolve(0) : socket?.once('close', resolve)));
    expect(socket?.destroyed).toBe(true);
  });

  it('times out if the server never starts TLS', async () => {
    const sockets: Socket[] = [];
    const silent = createSilentServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closing({
      close: () => {
        for (const socket of sockets) socket.destroy();
        silent.close();
      },
    });
    const { port } = silent.address() as AddressInfo;
    expect(await failure(hasty(), get(at('/', 'localhost', port)))).toContain(
      'no complete response within 0.2 seconds',
    );
  });

  it('is cancelled as soon as the caller cancels it', async () => {
    const stop = new AbortController();
    issuer.server.once('request', () => stop.abort());
    expect(await failure(clientOf(), get(at('/hang')), stop.signal)).toContain('was cancelled');
    expect(await failure(clientOf(), get(at('/hang')), stop.signal)).toContain('was cancelled');
    expect(issuer.got).toHaveLength(1);
  });

  it('has a reason: refused, not found, closed early', async () => {
    const gone = closing(await tlsIssuer(ours.issue({ names }), () => {}));
    await gone.close();
    toClose.pop();
    expect(await failure(clientOf(), get(at('/', 'localhost', gone.port)))).toBe(
      `localhost:${gone.port} refused the connection`,
    );
    lookUp({});
    expect(await failure(clientOf(), get('https://auth.example.test/'))).toBe(
      'auth.example.test is not a known host name',
    );
    lookUpAsBefore();
    expect(await failure(clientOf(), get(at('/cut')))).toContain(
      'closed the connection before its response was complete',
    );
  });
});

describe('a response', () => {
  it('may have 1 MiB and not a byte more: an endless one is cut off', async () => {
    expect((await clientOf().send(get(at('/full')), never())).body).toHaveLength(MIB);
    expect(await failure(clientOf(), get(at('/endless')))).toContain('sent a response of more than 1 MiB');
    const socket = issuer.got[1]?.socket;
    await new Promise((resolve) => (socket?.destroyed ? resolve(0) : socket?.once('close', resolve)));
    expect(socket?.destroyed).toBe(true);
  });

  it('that is not UTF-8 is an error', async () => {
    expect(await failure(clientOf(), get(at('/binary')))).toContain('a response that is not text');
  });
});

describe('TLS', () => {
  it('is always verified, whatever the environment says', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    // Node prints a warning about this variable.
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      expect(await failure(clientOf({}), get(at('/')))).toBe(
        `localhost:${issuer.port} has a certificate of an unknown issuer: if it is yours, set ca_file to the certificate of its authority`,
      );
    } finally {
      warn.mockRestore();
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
    expect(issuer.got).toEqual([]);
  });

  it.each([
    [
      'that has expired',
      () => ours.issue({ names, expiresAt: Date.now() - 1_000 }),
      'has a certificate that has expired',
    ],
    ['for another name', () => ours.issue({ names: ['other.example'] }), 'has a certificate for another name'],
  ])('rejects a certificate %s', async (_, identity, reason) => {
    const other = closing(await tlsIssuer(identity(), (_got, response) => response.end()));
    expect(await failure(clientOf(), get(at('/', 'localhost', other.port)))).toBe(`localhost:${other.port} ${reason}`);
  });

  it('older than 1.2 is rejected, whatever Node’s options are', async () => {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const server = closing(await tlsIssuer(ours.issue({ names }), (_, response) => response.end(), old));
    const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
    Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1.1', DEFAULT_CIPHERS: 'DEFAULT@SECLEVEL=0' });
    try {
      expect(await failure(clientOf(), get(at('/', 'localhost', server.port)))).toContain('failed the TLS handshake');
    } finally {
      Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS });
    }
  });

  it('trusts the current content of ca_file, and reuses no earlier connection', async () => {
    const ca_file = join(folder, 'changing-ca.pem');
    await writeFile(ca_file, ours.cert);
    const client = clientOf({ ca_file });
    expect(await client.send(get(at('/')), never())).toMatchObject({ status: 200 });
    await writeFile(ca_file, `${theirs.cert}\n`);
    expect(await failure(client, get(at('/')))).toContain('unknown issuer');
    await writeFile(ca_file, `${ours.cert}\n\n`);
    expect(await client.send(get(at('/')), never())).toMatchObject({ status: 200 });
  });

  it('presents the client certificate that its files currently contain', async () => {
    const strict = closing(
      await tlsIssuer(
        ours.issue({ names }),
        ({ socket }, response) => response.end(socket.getPeerCertificate().fingerprint256),
        { requestCert: true, rejectUnauthorized: true, ca: ours.cert },
      ),
    );
    const url = at('/', 'localhost', strict.port);
    expect(await failure(clientOf(), get(url))).toMatch(/requires a client certificate|closed the connection/);
    const client_certificate = { cert_path: join(folder, 'client.pem'), key_path: join(folder, 'client.key') };
    const client = clientOf(trusting({ client_certificate }));
    const shown: string[] = [];
    for (const expiresAt of [Date.now() + 50_000_000, Date.now() + 60_000_000]) {
      const { cert, key } = ours.issue({ expiresAt });
      await writeFile(client_certificate.cert_path, cert);
      await writeFile(client_certificate.key_path, key);
      shown.push((await client.send(get(url), never())).body);
    }
    expect(new Set(shown).size).toBe(2);
  });

  it('reports which of its files cannot be used', async () => {
    const missing = join(folder, 'missing.pem');
    expect(await failure(clientOf({ ca_file: missing }), get(at('/')))).toBe(`${missing} cannot be read (ENOENT)`);
    const empty = join(folder, 'empty.pem');
    for (const text of ['', 'hello', ours.issue({}).key]) {
      await writeFile(empty, text);
      expect(await failure(clientOf({ ca_file: empty }), get(at('/')))).toContain('contains no certificate (PEM)');
    }
    const [cut = ''] = ours.cert.split('-----END');
    for (const text of [cut, ours.cert.replace(/\n\w+/, '\nAAAA'), `${ours.cert}${cut}`]) {
      await writeFile(empty, text);
      expect(await failure(clientOf({ ca_file: empty }), get(at('/')))).toMatch(
        /^certificate [12] in ca_file .* cannot be read$/,
      );
    }
    const [one, other] = [ours.issue({}), ours.issue({})];
    const client_certificate = { cert_path: join(folder, 'one.pem'), key_path: join(folder, 'other.key') };
    await writeFile(client_certificate.cert_path, one.cert);
    await writeFile(client_certificate.key_path, other.key);
    expect(await failure(clientOf({ client_certificate }), get(at('/')))).toContain('belong together');
  });
});

describe('the addresses that a client connects to', () => {
  it('are on loopback for plain http to a loopback name', async () => {
    const plain = createPlainServer((_, response) => response.end('local'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    closing(plain);
    const { port } = plain.address() as AddressInfo;
    lookUp({ 'app.localhost': [['127.0.0.1']], 'evil.localhost': [['192.0.2.1']] });
    const client = clientOf({});
    expect(await client.send(get(`http://app.localhost:${port}/`), never())).toMatchObject({ body: 'local' });
    expect(await failure(client, get(`http://evil.localhost:${port}/`))).toContain('resolves to 192.0.2.1');
  });

  it('are checked at connection time, so that a name cannot be rebound to a metadata server later', async () => {
    const name = 'auth.example.test';
    lookUp({ [name]: [['127.0.0.1'], ['169.254.169.254']] });
    const client = clientOf(trusting(), 'public');
    expect(await client.send(get(at('/', name)), never())).toMatchObject({ status: 200 });
    client.close();
    expect(await failure(client, get(at('/', name)))).toBe(
      `${name}:${issuer.port} was not contacted: it resolves to 169.254.169.254, to which this source may not connect`,
    );
  });

  it('are rejected if one address of the name is not allowed', async () => {
    lookUp({ 'auth.example.test': [['127.0.0.1', 'fe80::1%eth0']] });
    expect(await failure(clientOf(trusting(), 'public'), get(at('/', 'auth.example.test')))).toContain('fe80::1');
    expect(issuer.got).toEqual([]);
  });

  it('may be a metadata server, for the metadata reach, only if its name resolves to one', async () => {
    lookUp({ 'metadata.google.internal': [['203.0.113.1']] });
    expect(await failure(clientOf({}, 'metadata'), get('http://metadata.google.internal/'))).toContain('203.0.113.1');
  });
});

describe('a proxy', () => {
  const through = ({ url }: ConnectProxy, more: Transport = {}) => trusting({ proxy: url, ...more });
  const target = 'https://auth.example.test/token';

  it('gets only the name and the port: the request goes to the issuer over TLS', async () => {
    lookUp({});
    const proxy = closing(await connectProxy(issuer.port));
    expect(await clientOf(through(proxy)).send(get(target), never())).toMatchObject({ body: 'an answer' });
    expect(proxy.targets).toEqual(['auth.example.test:443']);
    expect(issuer.got).toMatchObject([{ path: '/token', headers: { host: 'auth.example.test' } }]);
  });

  it('cannot impersonate the issuer by connecting to another server', async () => {
    lookUp({});
    const impostor = closing(await tlsIssuer(theirs.issue({ names }), (_, response) => response.end('{}')));
    const proxy = closing(await connectProxy(impostor.port));
    expect(await failure(clientOf(through(proxy)), get(target))).toContain('certificate of an unknown issuer');
    const address = closing(
      await tlsIssuer(ours.issue({ names: ['localhost'], addresses: ['127.0.0.1'] }), (_, response) =>
        response.end('{}'),
      ),
    );
    const byAddress = closing(await connectProxy(address.port));
    expect(await failure(clientOf(through(byAddress)), get('https://192.0.2.1/'))).toContain('for another name');
    expect([...impostor.got, ...address.got]).toEqual([]);
  });

  it.each([
    ['refuses', 'HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n', 'answered 407'],
    ['responds in place of the issuer', 'HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}', 'answered 201'],
    ['speaks before the issuer', 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}', 'answered 200'],
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.9\r\n', 'a response that is not HTTP'],
  ])('that %s causes a failure', async (_, answer, reason) => {
    lookUp({});
    const proxy = closing(await connectProxy(issuer.port, answer));
    const message = await failure(clientOf(through(proxy)), get(target));
    expect(message).toContain(`the proxy ${new URL(proxy.url).host}`);
    expect(message).toContain(reason);
  });

  it('gets the configured user name and password, read again for each tunnel, and the issuer does not', async () => {
    lookUp({});
    const proxy = closing(await connectProxy(issuer.port));
    const passwords = ['s3cret: é', 'another'];
    const transport = through(proxy, { proxy_user: 'relay', proxy_password: { env: 'PROXY_PASSWORD' } });
    const client = closing(httpClient(transport, 'issuer', async () => passwords.shift() ?? ''));
    await client.send(get(target), never());
    await client.send(get(target), never());
    const decoded = proxy.authorizations.map((value) => Buffer.from(value?.slice(6) ?? '', 'base64').toString());
    expect(decoded).toEqual(['relay:s3cret: é', 'relay:another']);
    expect(proxy.authorizations).toEqual([expect.stringMatching(/^Basic /), expect.stringMatching(/^Basic /)]);
    for (const { headers } of issuer.got) expect(headers).not.toHaveProperty('proxy-authorization');
  });

  it('that wants a password is reported with the settings for it, never with the password', async () => {
    lookUp({});
    const answer = 'HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n';
    const proxy = closing(await connectProxy(issuer.port, answer));
    expect(await failure(clientOf(through(proxy)), get(target))).toMatch(
      /: it needs proxy_user and proxy_password_path$/,
    );
    const transport = through(proxy, { proxy_user: 'relay', proxy_password: { insecure_inline: SECRET } });
    const client = closing(httpClient(transport, 'issuer', async () => SECRET));
    const message = await failure(client, get(target));
    expect(message).toMatch(/: it refuses proxy_user with this password$/);
    expect(message).not.toContain(SECRET);
  });

  it('that hangs causes a timeout', async () => {
    lookUp({});
    const proxy = closing(await connectProxy(issuer.port, ''));
    expect(await failure(clientOf(through(proxy, { timeout_seconds: 0.2 })), get(target))).toContain('0.2 seconds');
  });

  it('is disconnected if the request through it cannot be sent, and cannot crash the agent', async () => {
    lookUp({});
    const ended = Promise.withResolvers<void>();
    const server = createPlainServer().on('connect', (_, client: Socket) => {
      client.on('end', () => {
        client.resetAndDestroy();
        ended.resolve();
      });
      client.resume();
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    closing({ close: () => server.close() });
    const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const headers = { authorization: `Bearer ${SECRET}\n` };
    expect(await failure(clientOf(trusting({ proxy })), { ...get(target), headers })).toContain(
      'contains a line break',
    );
    await expect(ended.promise).resolves.toBeUndefined();
  });

  it('is not used for loopback or a metadata server', async () => {
    const proxy = closing(await connectProxy(issuer.port));
    await clientOf(through(proxy)).send(get(at('/')), never());
    lookUp({ 'auth.example.test': [['169.254.169.254']] });
    const client = clientOf(through(proxy), 'public');
    for (const url of [target, 'https://169.254.169.254/', 'https://metadata.google.internal/']) {
      expect(await failure(client, get(url))).toContain('was not contacted');
    }
    expect(proxy.targets).toEqual([]);
  });
});
