import { limits } from '@tvm/contract/limits.ts';
import {
  SECURITY_EVENT_TYPE,
  type SecurityEventClaims,
  type SecurityEventErrorCode,
  securityEventClaims,
} from '@tvm/contract/security-event.ts';
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';

/** A trusted transmitter, whose SETs revoke tokens. */
export interface Transmitter {
  issuer: string;
  /** The required `aud` of its SETs. */
  audience: string;
  /** Returns the transmitter's public keys only. Throws DependencyFault if the keys are unavailable. */
  keys: JWTVerifyGetKey;
}

/** The reason why a SET is rejected. */
export interface SecurityEventRefusal {
  err: SecurityEventErrorCode;
  /** A message without any content of the SET. */
  problem: string;
  /** Whether a trusted transmitter signed it. */
  authenticated: boolean;
}

export type VerifiedSecurityEvent =
  | { ok: true; claims: SecurityEventClaims }
  | { ok: false; refusal: SecurityEventRefusal };

/** Only asymmetric algorithms are accepted: with a shared secret, every receiver could sign. */
const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256'];

/**
 * The maximum age of a SET, in seconds. Older SETs are useless, because all tokens they could revoke have expired.
 * Replays are detected for at least this time plus the tolerated clock skew.
 */
export const LONGEST_AGE = limits.lifetime;

/** The tolerated clock skew of a transmitter, in seconds. */
export const CLOCKS_DIFFER = 60;

/**
 * Verifies a SET: algorithm, key, signature, type, issuer, audience, age (RFC 8417, section 4; SSF 1.0, section 4.1).
 *
 * Before the signature is verified, only `iss`, `alg` and `kid` are read, to select the transmitter and its key. They
 * are only compared with the configuration and with the transmitter's JWKS. Keys in headers (`jwk`, `jku`, `x5u`) are
 * ignored.
 *
 * @param unverified the SET as received; the caller bounds its size
 * @param transmitters the trusted transmitters, by issuer
 * @param now milliseconds since the epoch
 * @throws DependencyFault if the transmitter's keys are unavailable
 */
export async function verifySecurityEvent(
  unverified: string,
  transmitters: ReadonlyMap<string, Transmitter>,
  now: number,
): Promise<VerifiedSecurityEvent> {
  const issuer = namedIssuer(unverified);
  if (issuer === undefined) return refuse('invalid_request', 'the body must be a signed security event token', false);
  const transmitter = transmitters.get(issuer);
  if (transmitter === undefined) return refuse('invalid_issuer', 'the issuer is not a trusted transmitter', false);

  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(unverified, transmitter.keys, {
      algorithms: ALGORITHMS,
      typ: SECURITY_EVENT_TYPE,
      issuer: transmitter.issuer,
      audience: transmitter.audience,
      maxTokenAge: LONGEST_AGE,
      clockTolerance: CLOCKS_DIFFER,
      currentDate: new Date(now),
    }));
  } catch (error) {
    return { ok: false, refusal: refusalOf(error) };
  }
  const claims = securityEventClaims.safeParse(payload);
  if (claims.success) return { ok: true, claims: claims.data };
  const [issue] = claims.error.issues;
  return refuse('invalid_request', `${issue?.path.join('.')} ${issue?.message}`, true);
}

/** Returns the issuer that an unverified SET names. */
export function namedIssuer(unverified: string): string | undefined {
  try {
    const { iss } = decodeJwt(unverified);
    return typeof iss === 'string' ? iss : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** Converts an error of the verification to a refusal. @throws `error` if the SET did not cause it */
function refusalOf(error: unknown): SecurityEventRefusal {
  if (error instanceof errors.JWTClaimValidationFailed) {
    // Claims and expiry are checked after the signature, so the SET is authenticated.
    if (error.claim === 'aud') return refusal('invalid_audience', 'aud must be the configured audience', true);
    if (error.claim === 'typ') return refusal('invalid_request', `typ must be ${SECURITY_EVENT_TYPE}`, true);
    if (error.claim === 'iat') return refusal('invalid_request', 'iat must be present and not in the future', true);
    return refusal('invalid_request', `${error.claim} is invalid`, true);
  }
  if (error instanceof errors.JWTExpired) {
    return refusal('invalid_request', 'iat must be at most a day ago, and exp must be absent', true);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refusal('authentication_failed', 'the signature does not match the key of the issuer', false);
  }
  const keyProblem = [errors.JOSEAlgNotAllowed, errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, TypeError];
  if (keyProblem.some((kind) => error instanceof kind)) {
    return refusal(
      'invalid_key',
      `it must be signed with ${ALGORITHMS.join(', ')} and a key in the issuer’s JWKS`,
      false,
    );
  }
  if (error instanceof errors.JOSEError) {
    return refusal('invalid_request', 'the body must be a signed security event token', false);
  }
  throw error;
}

function refusal(err: SecurityEventErrorCode, problem: string, authenticated: boolean): SecurityEventRefusal {
  return { err, problem, authenticated };
}

function refuse(...why: Parameters<typeof refusal>): VerifiedSecurityEvent {
  return { ok: false, refusal: refusal(...why) };
}
