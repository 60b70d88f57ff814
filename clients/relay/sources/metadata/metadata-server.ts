import * as z from 'zod';
import { targetOf } from '../../http/reach.ts';
import { transportFields } from '../../settings/transport.ts';

/** Settings of every source that reads a cloud's metadata server, which has no proxy and no certificate. */
export const metadataFields = {
  endpoint: z
    .string({ error: 'must be a URL' })
    .refine(isMetadataServer, { error: 'must be the http URL of a metadata server, such as http://169.254.169.254' })
    .optional()
    .meta({
      description:
        'The URL of the metadata server, at a link-local or loopback address. Default: the cloud’s usual address.',
    }),
  timeout_seconds: transportFields.timeout_seconds,
};

function isMetadataServer(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.pathname !== '/' || url.search || url.hash) return false;
  try {
    targetOf(text, 'metadata');
    return true;
  } catch {
    return false;
  }
}

/** Builds a URL on a metadata server. @param query the query parameters. Undefined values are left out */
export function metadataUrl(server: string, path: string, query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return `${server.replace(/\/+$/, '')}${path}${given.length === 0 ? '' : `?${given.join('&')}`}`;
}
