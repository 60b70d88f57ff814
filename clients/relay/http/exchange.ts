import type { IncomingHttpHeaders } from 'node:http';

/** A request to an issuer. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT';
  url: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A response of any status. */
export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** At most 1 MiB of UTF-8. */
  body: string;
}
