import type { ReceivedSecurityEvents } from '@tvm/core/security-events/ports.ts';
import type { Transmitter } from '@tvm/core/security-events/verify-security-event.ts';
import { createLocalJWKSet, exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';

export const TRANSMITTER = 'https://idp.example.com/123456789/';
export const AUDIENCE = 'https://tokens.example.com/security-events';

/** Creates a transmitter of security events with its own key. */
export async function securityEventTransmitter(issuer = TRANSMITTER, alg = 'ES256') {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwks: JSONWebKeySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'first', alg, use: 'sig' }] };
  const trusted: Transmitter = { issuer, audience: AUDIENCE, keys: createLocalJWKSet(jwks) };
  return {
    issuer,
    jwks,
    privateKey,
    trusted,
    /** Signs claims as a SET, without any check of the claims or the header. */
    sign(claims: JWTPayload, header: object = {}, key: Parameters<SignJWT['sign']>[0] = privateKey): Promise<string> {
      return new SignJWT({ iss: issuer, aud: AUDIENCE, ...claims })
        .setProtectedHeader({ alg, typ: 'secevent+jwt', kid: 'first', ...header })
        .sign(key);
    },
  };
}

/** The received security event tokens, in memory. */
export function inMemoryReceivedSecurityEvents(): ReceivedSecurityEvents {
  const noted = new Map<string, Parameters<ReceivedSecurityEvents['note']>[2]>();
  return {
    async note(issuer, jti, event) {
      const known = noted.get(`${issuer}#${jti}`);
      if (known === undefined) noted.set(`${issuer}#${jti}`, event);
      return known ?? event;
    },
    async markProcessed(issuer, jti) {
      const known = noted.get(`${issuer}#${jti}`);
      if (known !== undefined) noted.set(`${issuer}#${jti}`, { ...known, obeyed: true });
    },
  };
}
