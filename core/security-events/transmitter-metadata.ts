import type { SecurityEventReceiver } from '@tvm/contract/security-event.ts';
import { SIGV4 } from '../keys/server-metadata.ts';

/** Delivery by push (RFC 8935) and by poll (RFC 8936), as SSF 1.0 names them (section 6.1). */
export const METHODS = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const satisfies Record<
  Delivery,
  string
>;

type Delivery = SecurityEventReceiver['delivery'];

/**
 * The transmitter's metadata (SSF 1.0, section 7.1). Streams are made by configuration: a receiver that has a principal reads
 * its stream and has it verified, and nobody creates, changes or deletes one.
 *
 * @param issuer the machine's URL, without a slash at the end
 * @param deliveries how the receivers are told that there are
 * @param controlled whether a receiver has a principal
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
    // Who passes over the session would end all that the user has.
    critical_subject_members: ['user', 'session'],
    default_subjects: 'ALL',
  };
}
