import type { JSONWebKeySet } from 'jose';

/** How a caller authenticates. SigV4 has no registered name, and RFC 8414 asks for a URI then. */
export const SIGV4 = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html';

/**
 * The authorization server's metadata (RFC 8414, section 2). It has no `authorization_endpoint`, which no grant type here
 * uses.
 *
 * @param issuer the service's URL, without a slash at the end
 */
export function serverMetadata(issuer: string) {
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    introspection_endpoint: `${issuer}/introspect`,
    revocation_endpoint: `${issuer}/revoke`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    // draft-ietf-oauth-status-list-20, section 9.1. Their keys are not the tokens' own, and have no registered name.
    status_list_aggregation_endpoint: `${issuer}/status-lists`,
    status_list_jwks_uri: `${issuer}/.well-known/status-list-keys.json`,
    grant_types_supported: ['client_credentials'],
    // Required, and never empty (section 3.2): the type without a response (OAuth 2.0 Multiple Response Types, section 4).
    response_types_supported: ['none'],
    authorization_details_types_supported: ['resource'],
    token_endpoint_auth_methods_supported: [SIGV4],
    introspection_endpoint_auth_methods_supported: [SIGV4],
    revocation_endpoint_auth_methods_supported: [SIGV4],
  };
}

/**
 * The same for clients that know OpenID Connect Discovery 1.0 alone (section 3), with the members that it requires besides.
 * There are no ID tokens; the algorithms are those of the tokens, and RS256, which the list must have.
 */
export function openIdMetadata(issuer: string, { keys }: JSONWebKeySet) {
  return {
    ...serverMetadata(issuer),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set([...keys.map((key) => key.alg), 'RS256'])],
  };
}
