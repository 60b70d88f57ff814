import { type Credentials, signedHeaders } from './signature.ts';

/** A request to the service. */
export interface ApiRequest {
  method: 'GET' | 'POST';
  /** As in `/token`. */
  path: string;
  /** A GET sends them as its query, a POST as a JSON body. An `undefined` one is left out. */
  parameters: object;
}

/** A request as it goes over the network, signed. */
export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** A response, whatever its status. */
export interface HttpResponse {
  status: number;
  /** By lower-case name. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** Sends one request and reads the whole response, within bounds of time and size. It follows no redirect. */
export type Transport = (request: HttpRequest) => Promise<HttpResponse>;

/** Where the service is, and the identity that signs. */
export interface Endpoint {
  url: URL | string;
  region: string;
  credentials: Credentials;
}

/**
 * Signs a request to the service and sends it. It retries nothing and follows no redirect, because the request may hold
 * a token.
 *
 * @param transport differs by client: `fetch` would cost TokenRelay 17 MiB of memory
 */
export async function send({ url, region, credentials }: Endpoint, request: ApiRequest, transport: Transport) {
  const { method, path, parameters } = request;
  const target = String(url).replace(/\/+$/, '') + path + (method === 'GET' ? queryOf(parameters) : '');
  const unsigned = {
    method,
    url: target,
    headers: { accept: 'application/json', ...(method === 'POST' && { 'content-type': 'application/json' }) },
    ...(method === 'POST' && { body: JSON.stringify(parameters) }),
  };
  const headers = await signedHeaders({ ...unsigned, service: 'execute-api', region, credentials });
  return transport({ ...unsigned, headers });
}

/** Percent-encodes every reserved character: a form's `+` for a space would not be what is signed. */
function queryOf(parameters: object): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
