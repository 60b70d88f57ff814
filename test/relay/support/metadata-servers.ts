import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Heard, httpListener } from '../../support/http-listener.ts';

// Small servers that follow the documentation of the clouds' metadata servers. They are not the clouds' own software.

type Listener = Awaited<ReturnType<typeof httpListener>>;

/** A response that a metadata server sends instead of its normal one. */
export interface Instead {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** The credentials of an instance's role, as in `security-credentials/<role>`. */
export interface InstanceCredentials {
  AccessKeyId: string;
  SecretAccessKey: string;
  Token: string;
  Expiration: string;
}

export interface ImdsServer extends Listener {
  role: string;
  /** Any document: valid credentials, or the reason for their absence. */
  document: object;
  instead: Instead | undefined;
  /** Invalidates every session, as when an instance is restored. */
  endSessions(): void;
}

/**
 * Starts a server like EC2's instance metadata service, with version 2 only.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export async function imdsServer(credentials: InstanceCredentials): Promise<ImdsServer> {
  const sessions = new Set<string>();
  const listener = await httpListener((heard, response) => {
    const { method, path = '', headers } = heard;
    if (server.instead !== undefined) return answer(response, server.instead);
    if (headers['x-forwarded-for'] !== undefined) return answer(response, { status: 403 });
    if (path === '/latest/api/token') {
      const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
      if (method !== 'PUT') return answer(response, { status: 405 });
      if (!(seconds >= 1 && seconds <= 21_600)) return answer(response, { status: 400 });
      const session = randomBytes(40).toString('base64');
      sessions.add(session);
      const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) };
      return answer(response, { status: 200, headers: ttl, body: session });
    }
    if (!sessions.has(String(headers['x-aws-ec2-metadata-token']))) return answer(response, { status: 401 });
    const list = '/latest/meta-data/iam/security-credentials/';
    if (path === list) return answer(response, { status: 200, body: server.role });
    if (path !== list + server.role) return answer(response, { status: 404 });
    answer(response, { status: 200, body: JSON.stringify(server.document, null, 2) });
  });
  const server: ImdsServer = {
    ...listener,
    role: 'orders-service',
    document: { Code: 'Success', LastUpdated: new Date().toISOString(), Type: 'AWS-HMAC', ...credentials },
    instead: undefined,
    endSessions: () => sessions.clear(),
  };
  return server;
}

export interface AzureServer extends Listener {
  /** The body of the next responses with status 200. */
  document: object;
  instead: Instead | undefined;
}

/**
 * Starts a server like Azure's instance metadata service, with its tokens of a managed identity.
 *
 * @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
export async function azureServer(document: object): Promise<AzureServer> {
  const listener = await httpListener(({ method, path = '', headers }, response) => {
    if (server.instead !== undefined) return answer(response, server.instead);
    const { pathname, searchParams } = new URL(path, 'http://metadata');
    const bad = (error: string) => answer(response, { status: 400, body: JSON.stringify({ error }) });
    if (headers.metadata !== 'true' || method !== 'GET') return bad('bad_request_102');
    if (pathname !== '/metadata/identity/oauth2/token') return answer(response, { status: 404 });
    if (searchParams.get('api-version') !== '2018-02-01' || !searchParams.get('resource'))
      return bad('invalid_request');
    answer(response, { status: 200, body: JSON.stringify(server.document) });
  });
  const server: AzureServer = { ...listener, document, instead: undefined };
  return server;
}

export interface GcpServer extends Listener {
  instead: Instead | undefined;
}

/**
 * Starts a server like GCP's metadata server, with the tokens of its service account `default`.
 *
 * @param token the response to a request for an access token
 * @param identity returns the identity token for an audience
 * @see https://cloud.google.com/compute/docs/metadata/querying-metadata
 */
export async function gcpServer(token: object, identity: (audience: string) => string): Promise<GcpServer> {
  const listener = await httpListener(({ path = '', headers }: Heard, response) => {
    if (server.instead !== undefined) return answer(response, server.instead);
    const google = { 'metadata-flavor': 'Google' };
    if (headers['metadata-flavor'] !== 'Google') return answer(response, { status: 403, headers: google });
    const { pathname, searchParams } = new URL(path, 'http://metadata');
    const of = /^\/computeMetadata\/v1\/instance\/service-accounts\/default\/(\w+)$/.exec(pathname)?.[1];
    if (of === 'token') return answer(response, { status: 200, headers: google, body: JSON.stringify(token) });
    const audience = searchParams.get('audience');
    if (of !== 'identity' || audience === null) return answer(response, { status: 404, headers: google });
    answer(response, { status: 200, headers: google, body: identity(audience) });
  });
  const server: GcpServer = { ...listener, instead: undefined };
  return server;
}

function answer(response: ServerResponse, { status, headers = {}, body = '' }: Instead): void {
  response.writeHead(status, headers).end(body);
}
