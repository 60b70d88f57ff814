/** A request that passed the checks of every protocol. It has no body: none of them takes one. */
export interface EndpointRequest {
  method: string;
  /** As it was sent, from the first slash up to the question mark. Nothing in it is decoded. */
  path: string;
  query: URLSearchParams;
  /** The value of a header; nothing when it is missing or was sent twice. @param name in lower case */
  header(name: string): string | undefined;
  /** The two ends of the connection. Over a Unix socket they have no addresses. */
  connection: Connection;
}

/** The two ends of a TCP connection, as a socket of Node names them. */
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
  /** An object is sent as JSON. */
  body: object | string;
}

/** Why a request is refused: what the client is told, as an error of its protocol. Never a value of a token. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** One word for a program. */
  readonly code: string;
  readonly headers: Record<string, string>;
  /** For the log alone. */
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

/** What is spoken on an endpoint. */
export interface Protocol {
  /** As in the configuration. */
  name: string;
  /** On every answer. */
  headers?: Record<string, string>;
  /** @throws {Refusal} */
  answer(request: EndpointRequest): Answer | Promise<Answer>;
  /** How the protocol words an error. */
  wordError(refusal: Refusal): object;
}

/** The form of errors that OAuth has (RFC 6749, section 5.2). */
export function oauthError({ code, message }: Refusal): object {
  return { error: code, error_description: message };
}

/** @throws {Refusal} when the request has another method */
export function requireMethod({ method }: EndpointRequest, allowed: 'GET' | 'POST' | 'PUT'): void {
  if (method === allowed) return;
  throw new Refusal(405, 'method_not_allowed', `only ${allowed} is answered here`, { headers: { allow: allowed } });
}

export function notFound(): Refusal {
  return new Refusal(404, 'not_found', 'nothing is answered under this path');
}
