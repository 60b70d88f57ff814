import { validateHeaderName } from 'node:http';
import * as z from 'zod';
import { issuerUrl, transportFields } from '../../settings/fields.ts';
import { secretFields } from '../../settings/secret-reference.ts';
import { JSON_POINTER } from '../json-pointer.ts';

/** Headers that the connection itself sets: another value would make the server read another request. */
const RESERVED = ['host', 'content-length', 'transfer-encoding', 'connection', 'accept-encoding', 'expect', 'upgrade'];

/** Headers and fields of bodies whose values are secrets by their name. */
const SECRET_NAME = /^(proxy-)?authorization$|cookie|api[-_]?key|secret|passw(or)?d|(token|assertion)$/i;

/** A secret with what stands before it, such as `Bearer `. */
const fromSecret = z
  .strictObject({ ...secretFields('secret', 'The secret'), prefix: z.string().optional() })
  .refine(({ secret, secret_path }) => (secret === undefined) !== (secret_path === undefined), {
    error: 'must say where the secret is: secret_path, or secret with a reference',
  });
const INLINE_SECRET =
  'must not be written here, as it is a secret by its name: write { secret_path } with the path of its file, and ' +
  'prefix for what stands before it';
const textOrSecret = z.union([z.string(), fromSecret], {
  error: 'must be a text, or { secret_path } with the file of a secret',
});
const jsonValue = z.union([z.string(), z.number(), z.boolean(), fromSecret], {
  error: 'must be a text, a number, true, false, or { secret_path } with the file of a secret',
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
  { error: 'must be the name of a header that the request does not set itself' },
);

const pointer = z
  .string()
  .regex(JSON_POINTER, { error: 'must be a JSON Pointer (RFC 6901), such as /data/access_token' });

export const httpSourceSettings = z
  .strictObject({
    url: issuerUrl.meta({ description: 'What is asked. Never a link-local address, whatever its name leads to.' }),
    method: z
      .enum(['GET', 'POST'], { error: 'must be GET or POST' })
      .optional()
      .meta({ description: 'Default: POST with `json` or `form`, else GET.' }),
    headers: z
      .record(headerName, textOrSecret)
      .optional()
      .meta({ description: 'As in `Authorization: { prefix: "Bearer ", secret_path: /its/path }`.' }),
    json: z.record(z.string(), jsonValue).optional().meta({ description: 'The body: a JSON object.' }),
    form: z.record(z.string(), textOrSecret).optional().meta({ description: 'The body: the fields of a form.' }),
    token_pointer: pointer
      .optional()
      .meta({ description: 'Where in the answer the token is, as a JSON Pointer. Default: /token.' }),
    values: z
      .record(z.string().regex(/^[A-Za-z_][\w-]{0,63}$/, { error: 'must be a name' }), pointer)
      .refine((values) => Object.keys(values).length > 0, { error: 'must hold a value' })
      .optional()
      .meta({ description: 'For several values in place of one token: the name of each, and where it is.' }),
    expires_in_pointer: pointer
      .optional()
      .meta({ description: 'Where the answer says for how many seconds the token lives.' }),
    expires_at_pointer: pointer.optional().meta({
      description: 'Where the answer says when the token ends: RFC 3339, or seconds or milliseconds since the epoch.',
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
    if (json && form) refuse('form', 'must not stand beside json: a request has one body');
    if (method === 'GET' && (json || form)) refuse('method', 'must be POST: there is a body');
    if (token_pointer && values) refuse('token_pointer', 'must not stand beside values');
    if (expires_in_pointer && expires_at_pointer) {
      refuse('expires_at_pointer', 'must not stand beside expires_in_pointer');
    }
  });
export type HttpSourceSettings = z.infer<typeof httpSourceSettings>;
export type FromSecret = z.infer<typeof fromSecret>;
