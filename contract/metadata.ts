import * as z from 'zod';

// The public documents.

const url = z.url();

/** Public keys (RFC 7517, section 5). */
export const jsonWebKeySet = z
  .object({
    keys: z.array(
      z.object({
        kty: z.string().meta({ description: '`EC` or `RSA`.' }),
        kid: z
          .string()
          .meta({ description: 'The RFC 7638 thumbprint of the key, as in the headers of tokens that it signs.' }),
        alg: z.enum(['ES256', 'ES384', 'RS256']),
        use: z.literal('sig'),
        crv: z.string().optional(),
        x: z.string().optional(),
        y: z.string().optional(),
        n: z.string().optional(),
        e: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'JsonWebKeySet', description: 'Public keys (RFC 7517).' });

const methods = z.array(z.string()).meta({ description: 'The URI of AWS Signature Version 4.' });

/** `GET /.well-known/oauth-authorization-server` (RFC 8414, section 2). */
export const serverMetadata = z
  .object({
    issuer: url,
    token_endpoint: url,
    introspection_endpoint: url,
    revocation_endpoint: url,
    jwks_uri: url,
    status_list_aggregation_endpoint: url,
    status_list_jwks_uri: url,
    grant_types_supported: z.array(z.string()),
    response_types_supported: z.array(z.string()),
    authorization_details_types_supported: z.array(z.string()),
    token_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_methods_supported: methods,
  })
  .meta({ id: 'ServerMetadata', description: 'Authorization server metadata (RFC 8414).' });

/** `GET /.well-known/openid-configuration` (OpenID Connect Discovery 1.0, section 3). */
export const openIdMetadata = serverMetadata
  .extend({
    subject_types_supported: z.array(z.string()),
    id_token_signing_alg_values_supported: z.array(z.string()),
  })
  .meta({
    id: 'OpenIdMetadata',
    description: 'Authorization server metadata with the fields that OpenID Connect Discovery requires.',
  });

/** `GET /status-lists` (draft-ietf-oauth-status-list, section 9.3). */
export const statusListAggregation = z
  .object({ status_lists: z.array(url).meta({ description: 'The URIs of the status lists.' }) })
  .meta({ id: 'StatusListAggregation', description: 'Every status list that tokens refer to.' });

/** `GET /.well-known/ssf-configuration` (SSF 1.0, section 7.1). */
export const transmitterMetadata = z
  .object({
    spec_version: z.string(),
    issuer: url,
    jwks_uri: url,
    delivery_methods_supported: z.array(z.string()),
    configuration_endpoint: url.optional(),
    status_endpoint: url.optional(),
    verification_endpoint: url.optional(),
    authorization_schemes: z
      .array(z.object({ spec_urn: z.string() }))
      .optional()
      .meta({ description: 'The URI of AWS Signature Version 4.' }),
    critical_subject_members: z.array(z.string()),
    default_subjects: z.enum(['ALL', 'NONE']),
  })
  .meta({ id: 'TransmitterMetadata', description: 'Transmitter configuration metadata (SSF 1.0).' });
