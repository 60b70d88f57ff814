import type { SecurityEventReceiver } from '@tvm/contract/security-event.ts';

/** Delivery by push (RFC 8935) and by poll (RFC 8936), as SSF 1.0 names them (section 6.1). */
const METHODS = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const satisfies Record<Delivery, string>;

type Delivery = SecurityEventReceiver['delivery'];

/**
 * The transmitter's metadata (SSF 1.0, section 7.1). Streams are made by configuration, so there are no endpoints to manage
 * them by.
 *
 * @param issuer the machine's URL, without a slash at the end
 * @param deliveries how the receivers are told that there are
 */
export function transmitterMetadata(issuer: string, deliveries: readonly Delivery[]) {
  return {
    spec_version: '1_0',
    issuer,
    jwks_uri: `${issuer}/.well-known/security-event-keys.json`,
    delivery_methods_supported: deliveries.map((delivery) => METHODS[delivery]),
    // Who passes over the session would end all that the user has.
    critical_subject_members: ['user', 'session'],
    default_subjects: 'ALL',
  };
}
