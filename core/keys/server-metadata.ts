import type { JSONWebKeySet } from 'jose';

/** The authentication method of callers. SigV4 has no registered name, so RFC 8414 requires a URI. */
export const SIGV4 = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html';

/**
 * Returns the authorization server metadata (RFC 8414, section 2). It has no `authorization_endpoint`, because no
 * supported grant type uses one.
 *
 * @param issuer the URL of the service, without a trailing slash
 */
export function serverMetadata(issuer: string) {
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    introspection_endpoint: `${issuer}/introspect`,
    revocation_endpoint: `${issuer}/revoke`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    // draft-ietf-oauth-status-list-20, section 9.1. Status lists have keys of their own, for which no metadata name is
    // registered.
    status_list_aggregation_endpoint: `${issuer}/status-lists`,
    status_list_jwks_uri: `${issuer}/.well-known/status-list-keys.json`,
    grant_types_supported: ['client_credentials'],
    // Required and must not be empty (section 3.2). `none` is defined in OAuth 2.0 Multiple Response Types, section 4.
    response_types_supported: ['none'],
    authorization_details_types_supported: ['resource'],
    token_endpoint_auth_methods_supported: [SIGV4],
    introspection_endpoint_auth_methods_supported: [SIGV4],
    revocation_endpoint_auth_methods_supported: [SIGV4],
  };
}

/**
 * Returns the metadata for clients that support only OpenID Connect Discovery 1.0 (section 3), with the additional
 * properties that it requires. The service issues no ID tokens. The ID token algorithms are those of the access tokens
 * and RS256, which the list must contain.
 */
export function openIdMetadata(issuer: string, { keys }: JSONWebKeySet) {
  return {
    ...serverMetadata(issuer),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set([...keys.map((key) => key.alg), 'RS256'])],
  };
}
