import type { JSONWebKeySet } from 'jose';

/** How a caller authenticates. SigV4 has no registered name, and RFC 8414 asks for a URI then. */
const SIGV4 = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html';

/**
 * The authorization server's metadata: RFC 8414, with the members that OpenID Connect Discovery adds, so that clients
 * of either find the machine.
 *
 * @param issuer the machine's URL, without a slash at the end
 */
export function serverMetadata(issuer: string, { keys }: JSONWebKeySet) {
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
    response_types_supported: [],
    authorization_details_types_supported: ['resource'],
    token_endpoint_auth_methods_supported: [SIGV4],
    introspection_endpoint_auth_methods_supported: [SIGV4],
    revocation_endpoint_auth_methods_supported: [SIGV4],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map((key) => key.alg))],
  };
}
