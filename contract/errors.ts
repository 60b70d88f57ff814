import * as z from 'zod';

/**
 * The error codes of the API. They are stable, so clients may branch on them.
 * Sources: RFC 6749 sections 4.1.2.1 and 5.2, RFC 8707 section 2, RFC 9396 section 5; `not_found` and `unknown_target`
 * are the service's own.
 */
export const errorCode = z.enum([
  'invalid_request',
  'invalid_client',
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
    field: z.string().optional().meta({ description: 'The invalid field of the request, if there is one.' }),
    request_id: z.string().meta({ description: 'The id of the request in the service’s logs and audit events.' }),
  })
  .meta({ id: 'ErrorResponse', description: 'Why a request failed.' });
export type ErrorResponse = z.infer<typeof errorResponse>;
