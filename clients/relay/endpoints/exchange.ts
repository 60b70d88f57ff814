/** A request that passed the common checks. It has no body, because no protocol accepts one. */
export interface EndpointRequest {
  method: string;
  /** The path as sent, without the query. It is not decoded. */
  path: string;
  query: URLSearchParams;
  /** Returns the value of a header, or undefined if it is missing or duplicated. @param name in lower case */
  header(name: string): string | undefined;
  /** The connection. It has no addresses on a Unix socket. */
  connection: Connection;
}

/** The two ends of a TCP connection, with the names of Node's sockets. */
export interface Connection {
  localAddress?: string | undefined;
  localPort?: number | undefined;
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
}

export interface Answer {
  /** Default: 200. */
  status?: number;
  headers?: Record<string, string>;
  /** The body. An object is sent as JSON. */
  body: object | string;
}

/** An error response to a request, in the format of the protocol. Never contains a value of a token. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** The error code for programs. */
  readonly code: string;
  readonly headers: Record<string, string>;
  /** Details that are only logged. */
  readonly details: object;

  constructor(
    status: number,
    code: string,
    sentence: string,
    { headers = {}, details = {} }: { headers?: Record<string, string>; details?: object } = {},
  ) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.details = details;
  }
}

/** The protocol of an endpoint. */
export interface Protocol {
  /** The name as in the configuration. */
  name: string;
  /** Headers of every response. */
  headers?: Record<string, string>;
  /** Handles a request. @throws {Refusal} */
  answer(request: EndpointRequest): Answer | Promise<Answer>;
  /** Formats an error for the protocol. */
  wordError(refusal: Refusal): object;
}

/** Formats an error like OAuth (RFC 6749, section 5.2). */
export function oauthError({ code, message }: Refusal): object {
  return { error: code, error_description: message };
}

/** Checks the method of a request. @throws {Refusal} if it is not `allowed` */
export function requireMethod({ method }: EndpointRequest, allowed: 'GET' | 'POST' | 'PUT'): void {
  if (method === allowed) return;
  throw new Refusal(405, 'method_not_allowed', `only ${allowed} is allowed here`, { headers: { allow: allowed } });
}

export function notFound(): Refusal {
  return new Refusal(404, 'not_found', 'there is nothing at this path');
}
