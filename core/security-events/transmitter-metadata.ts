import type { SecurityEventReceiver } from '@tvm/contract/security-event.ts';
import { SIGV4 } from '../keys/server-metadata.ts';

/** Delivery by push (RFC 8935) and by poll (RFC 8936), as SSF 1.0 names them (section 6.1). */
export const METHODS = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const satisfies Record<
  Delivery,
  string
>;

type Delivery = SecurityEventReceiver['delivery'];

/**
 * Returns the transmitter metadata (SSF 1.0, section 7.1). Streams are defined in the configuration. A receiver with a
 * principal can read and verify its stream, but no receiver can create, change or delete one.
 *
 * @param issuer the URL of the service, without a trailing slash
 * @param deliveries the delivery methods of the configured receivers
 * @param controlled whether any receiver has a principal
 */
export function transmitterMetadata(issuer: string, deliveries: readonly Delivery[], controlled: boolean) {
  return {
    spec_version: '1_0',
    issuer,
    jwks_uri: `${issuer}/.well-known/security-event-keys.json`,
    delivery_methods_supported: deliveries.map((delivery) => METHODS[delivery]),
    ...(controlled && {
      configuration_endpoint: `${issuer}/security-events/streams`,
      status_endpoint: `${issuer}/security-events/status`,
      verification_endpoint: `${issuer}/security-events/verification`,
      // SigV4 has no registered URN; this URI has the properties of a name (RFC 3986, section 1.1.3).
      authorization_schemes: [{ spec_urn: SIGV4 }],
    }),
    // A receiver that ignores the session would revoke all sessions of the user.
    critical_subject_members: ['user', 'session'],
    default_subjects: 'ALL',
  };
}
