import type { Detector } from './finding.ts';

/** Detects uses of revoked tokens: the holder does not know about the revocation, or ignores it. */
export const revokedTokenUse: Detector = ({ observations }) => {
  const uses = observations.filter(({ kind }) => kind === 'revoked-token');
  const worst = uses.find(({ accepted }) => accepted) ?? uses[0];
  if (worst === undefined) return [];
  const { tokenId, time, accepted } = worst;
  const what = accepted
    ? 'A revoked token was used, and the resource server accepted it.'
    : 'A revoked token was presented to a resource server, which rejected it.';
  const severity = accepted ? 'high' : 'medium';
  const of = { detector: 'revoked-token-use', severity, about: '', tokenId } as const;
  return [{ ...of, observed: uses.length, usual: 0, what, time }];
};
