import { limits } from '@tvm/contract/limits.ts';
import {
  SECURITY_EVENT_TYPE,
  type SecurityEventClaims,
  type SecurityEventErrorCode,
  securityEventClaims,
} from '@tvm/contract/security-event.ts';
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';

/** A transmitter that is trusted: its SETs are obeyed. */
export interface Transmitter {
  issuer: string;
  /** What its SETs must carry as `aud`. */
  audience: string;
  /** Its public keys, and nobody else's. It throws DependencyFault when they cannot be had. */
  keys: JWTVerifyGetKey;
}

/** Why a SET is not accepted. */
export interface SecurityEventRefusal {
  err: SecurityEventErrorCode;
  /** One sentence, with nothing in it that the SET says. */
  problem: string;
  /** Whether a trusted transmitter signed it. */
  authenticated: boolean;
}

export type VerifiedSecurityEvent =
  | { ok: true; claims: SecurityEventClaims }
  | { ok: false; refusal: SecurityEventRefusal };

/** Asymmetric signatures alone: with a shared secret, every receiver could sign. */
const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256'];

/**
 * How old a SET may be, in seconds: what it could take back has ended by itself after that. A replay is known for as long,
 * with the time by which clocks may differ.
 */
export const LONGEST_AGE = limits.lifetime;
export const CLOCKS_DIFFER = 60;

/**
 * Verifies a SET: algorithm, key, signature, type, issuer, audience, age (RFC 8417, section 4; SSF 1.0, section 4.1).
 *
 * Before the signature holds, `alg` and `kid` are read to pick the key and `iss` to pick whose: each is only compared with
 * what the configuration, or that issuer's JWKS, says. Headers bring no keys (`jwk`, `jku`, `x5u`).
 *
 * @param unverified bounded by the caller
 * @param transmitters by issuer
 * @param now milliseconds since the epoch
 * @throws DependencyFault when the transmitter's keys cannot be had
 */
export async function verifySecurityEvent(
  unverified: string,
  transmitters: ReadonlyMap<string, Transmitter>,
  now: number,
): Promise<VerifiedSecurityEvent> {
  const issuer = namedIssuer(unverified);
  if (issuer === undefined) return refuse('invalid_request', 'the body must be a signed security event token', false);
  const transmitter = transmitters.get(issuer);
  if (transmitter === undefined) return refuse('invalid_issuer', 'the issuer is not trusted here', false);

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

/** The issuer that an unverified SET names. */
export function namedIssuer(unverified: string): string | undefined {
  try {
    const { iss } = decodeJwt(unverified);
    return typeof iss === 'string' ? iss : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/** @throws what is no fault of the SET */
function refusalOf(error: unknown): SecurityEventRefusal {
  if (error instanceof errors.JWTClaimValidationFailed) {
    // Found after the signature held, as is the next.
    if (error.claim === 'aud') return refusal('invalid_audience', 'aud is not what was agreed on', true);
    if (error.claim === 'typ') return refusal('invalid_request', `typ must be ${SECURITY_EVENT_TYPE}`, true);
    if (error.claim === 'iat') return refusal('invalid_request', 'iat must be a time that is not to come', true);
    return refusal('invalid_request', `${error.claim} is not as it must be`, true);
  }
  if (error instanceof errors.JWTExpired) {
    return refusal('invalid_request', 'it must be at most a day old, and without exp', true);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refusal('authentication_failed', 'the signature is not by the key of the issuer that it names', false);
  }
  const keyProblem = [errors.JOSEAlgNotAllowed, errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, TypeError];
  if (keyProblem.some((kind) => error instanceof kind)) {
    return refusal(
      'invalid_key',
      `it must be signed with ${ALGORITHMS.join(', ')}, by a key in the issuer’s JWKS`,
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
