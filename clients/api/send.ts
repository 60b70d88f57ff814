import { type Credentials, signedHeaders } from './signature.ts';

/** A request to the service. */
export interface ApiRequest {
  method: 'GET' | 'POST';
  /** For example `/token`. */
  path: string;
  /** A GET sends these as its query, a POST as a JSON body. `undefined` values are omitted. */
  parameters: object;
}

/** A signed HTTP request. */
export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** An HTTP response of any status. */
export interface HttpResponse {
  status: number;
  /** The headers, by name in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** Sends one request and reads the whole response, within limits of time and size. Does not follow redirects. */
export type Transport = (request: HttpRequest) => Promise<HttpResponse>;

/** The URL and region of the service, and the credentials that sign requests. */
export interface Endpoint {
  url: URL | string;
  region: string;
  credentials: Credentials;
}

/**
 * Signs a request to the service and sends it. Neither retries nor follows redirects, because the request may contain a
 * token.
 *
 * @param transport sends the request. It differs by client, because `fetch` would cost TokenRelay 17 MiB of memory.
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

/** Parses a response body. @returns `undefined` if it is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Percent-encodes every reserved character. A `+` for a space, as in forms, would invalidate the signature. */
function queryOf(parameters: object): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
