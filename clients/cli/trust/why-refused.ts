import { describeRequirement } from '@tvm/core/federation/describe-entry.ts';
import type { ClaimCheck } from '@tvm/core/federation/evaluate-proof.ts';
import type { TrustEntry } from '@tvm/core/federation/trust-entry.ts';

/** Why a check can fail, by its claim, and what to do. */
const REASONS: Record<string, string> = {
  proof: 'the text is not one signed JWT that every parser reads alike',
  alg: 'the entry does not allow this algorithm (algorithms)',
  typ: 'a token of another type must not pass as a proof',
  kid: 'the issuer publishes no usable key of this name; if it has just changed its keys, try again in a minute',
  signature: 'the proof was changed, or another issuer signed it',
  iss: 'the entry trusts exactly one issuer; letter case and a slash at the end matter',
  aud: 'the proof was requested for another service; request it for the expected audience',
  sub: 'the entry expects another subject',
  exp: 'the proof has expired, or has no usable expiry; request a new one',
  nbf: 'the proof is not valid yet; compare the clocks',
  iat: 'the proof is older than the entry allows (max_age), or the clocks differ',
  jti: 'a client assertion may be used only once, so it needs an identifier',
  email_verified: 'an address counts only if the issuer has verified it',
  'mapped subject': 'the mapped subject is too long or not well-formed',
};

const ISSUER_NAMES_THE_KEY = 'a header must not say which key or which rule verifies the proof';

/** Returns why a check failed, as a clause for an operator. */
export function whyRefused({ claim, expected, found }: ClaimCheck, { require }: Pick<TrustEntry, 'require'>): string {
  if (expected === 'absent') return ISSUER_NAMES_THE_KEY;
  const isRequired = require.some((required) => describeRequirement(required).startsWith(`${claim} `));
  if (isRequired && claim !== 'email_verified') {
    if (found === 'absent') return 'the proof lacks a required claim (require); with some issuers it must be requested';
    if (differsInType(expected, found)) {
      return 'the value has another type: in trust.yaml, "true" and "7" in quotes are text, true and 7 are not';
    }
    return 'the proof has a value that the entry does not allow (require)';
  }
  return REASONS[claim] ?? 'the claim is missing, or has a value that cannot be kept or mapped (claims, subject)';
}

/** Reports whether the value would be right as text, or without quotes. */
function differsInType(expected: string, found: string): boolean {
  const bare = (text: string) => text.replace(/^"(.*)"$/, '$1');
  return expected.split(' or ').some((one) => one !== found && bare(one) === bare(found));
}
