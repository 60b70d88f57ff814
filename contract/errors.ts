import * as z from 'zod';

/**
 * The error codes of the wire. They are stable: a client may branch on them.
 * Sources: RFC 6749 sections 4.1.2.1 and 5.2, RFC 8707 section 2, RFC 9396 section 5; `not_found` and `unknown_target`
 * are the service's own.
 */
export const errorCode = z.enum([
  'invalid_request',
  'invalid_grant',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'invalid_authorization_details',
  'access_denied',
  'not_found',
  'unknown_target',
  'temporarily_unavailable',
  'server_error',
]);
export type ErrorCode = z.infer<typeof errorCode>;

export const errorResponse = z
  .object({
    error: errorCode,
    error_description: z.string().meta({ description: 'One sentence for a person.' }),
    field: z.string().optional().meta({ description: 'The request’s field at fault, where there is one.' }),
    request_id: z.string().meta({ description: 'Names this request in the machine’s logs and audit.' }),
  })
  .meta({ id: 'ErrorResponse', description: 'Why a request failed.' });
export type ErrorResponse = z.infer<typeof errorResponse>;
