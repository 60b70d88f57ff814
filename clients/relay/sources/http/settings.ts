import { validateHeaderName } from 'node:http';
import * as z from 'zod';
import { issuerUrl } from '../../settings/fields.ts';
import { secretFields } from '../../settings/secret-reference.ts';
import { transportFields } from '../../settings/transport.ts';
import { JSON_POINTER } from '../json-pointer.ts';

/** Headers that the HTTP client sets. Another value would change how the server reads the request. */
const RESERVED = ['host', 'content-length', 'transfer-encoding', 'connection', 'accept-encoding', 'expect', 'upgrade'];

/** Names of headers and body fields whose values are secrets. */
const SECRET_NAME = /^(proxy-)?authorization$|cookie|api[-_]?key|secret|passw(or)?d|(token|assertion)$/i;

/** A secret with an optional prefix, such as `Bearer `. */
const fromSecret = z
  .strictObject({ ...secretFields('secret', 'The secret'), prefix: z.string().optional() })
  .refine(({ secret, secret_path }) => (secret === undefined) !== (secret_path === undefined), {
    error: 'must have secret_path, or secret with a reference',
  });
const INLINE_SECRET =
  'must not be written here, since its name is that of a secret: use { secret_path } with the path of a file, and ' +
  'prefix for text before the secret';
const textOrSecret = z.union([z.string(), fromSecret], {
  error: 'must be a text, or { secret_path } with the path of a file',
});
const jsonValue = z.union([z.string(), z.number(), z.boolean(), fromSecret], {
  error: 'must be a text, a number, true, false, or { secret_path } with the path of a file',
});

const headerName = z.string().refine(
  (name) => {
    try {
      validateHeaderName(name);
      return !RESERVED.includes(name.toLowerCase());
    } catch {
      return false;
    }
  },
  { error: 'must be the name of a header that the HTTP client does not set itself' },
);

const pointer = z
  .string()
  .regex(JSON_POINTER, { error: 'must be a JSON Pointer (RFC 6901), such as /data/access_token' });

export const httpSourceSettings = z
  .strictObject({
    url: issuerUrl.meta({
      description: 'The URL to request. Link-local addresses are refused, even if a host name resolves to one.',
    }),
    method: z
      .enum(['GET', 'POST'], { error: 'must be GET or POST' })
      .optional()
      .meta({ description: 'The HTTP method. Default: POST with `json` or `form`, else GET.' }),
    headers: z.record(headerName, textOrSecret).optional().meta({
      description: 'The headers, such as `Authorization: { prefix: "Bearer ", secret_path: /path/of/the/file }`.',
    }),
    json: z.record(z.string(), jsonValue).optional().meta({ description: 'The body as a JSON object.' }),
    form: z.record(z.string(), textOrSecret).optional().meta({ description: 'The body as form fields.' }),
    token_pointer: pointer
      .optional()
      .meta({ description: 'The JSON Pointer of the token in the response. Default: /token.' }),
    values: z
      .record(z.string().regex(/^[A-Za-z_][\w-]{0,63}$/, { error: 'must be a name' }), pointer)
      .refine((values) => Object.keys(values).length > 0, { error: 'must contain a value' })
      .optional()
      .meta({ description: 'For several values instead of one token: the name and the JSON Pointer of each.' }),
    expires_in_pointer: pointer
      .optional()
      .meta({ description: 'The JSON Pointer of the token’s lifetime in seconds.' }),
    expires_at_pointer: pointer.optional().meta({
      description: 'The JSON Pointer of the token’s expiry: RFC 3339, or seconds or milliseconds since the epoch.',
    }),
    ...transportFields,
  })
  .superRefine((settings, { addIssue }) => {
    const refuse = (path: string, message: string) => addIssue({ code: 'custom', path: [path], message });
    const { method, json, form, token_pointer, values, expires_in_pointer, expires_at_pointer } = settings;
    for (const [part, fields = {}] of Object.entries({ headers: settings.headers, json, form })) {
      for (const [name, value] of Object.entries(fields)) {
        if (typeof value === 'string' && SECRET_NAME.test(name)) {
          addIssue({ code: 'custom', path: [part, name], message: INLINE_SECRET });
        }
      }
    }
    if (json && form) refuse('form', 'must not be given with json: a request has one body');
    if (method === 'GET' && (json || form)) refuse('method', 'must be POST for a request with a body');
    if (token_pointer && values) refuse('token_pointer', 'must not be given with values');
    if (expires_in_pointer && expires_at_pointer) {
      refuse('expires_at_pointer', 'must not be given with expires_in_pointer');
    }
  });
export type HttpSourceSettings = z.infer<typeof httpSourceSettings>;
export type FromSecret = z.infer<typeof fromSecret>;
