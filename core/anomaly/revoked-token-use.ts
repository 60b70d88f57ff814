import type { Detector } from './finding.ts';

/** A revoked token is presented: whoever it was taken from does not know, or does not care. */
export const revokedTokenUse: Detector = ({ observations }) => {
  const uses = observations.filter(({ kind }) => kind === 'revoked-token');
  const worst = uses.find(({ accepted }) => accepted) ?? uses[0];
  if (worst === undefined) return [];
  const { tokenId, time, accepted } = worst;
  const what = accepted
    ? 'A revoked token was used, and the resource server let it.'
    : 'A revoked token was presented to a resource server, which refused it.';
  const severity = accepted ? 'high' : 'medium';
  const of = { detector: 'revoked-token-use', severity, about: '', tokenId } as const;
  return [{ ...of, observed: uses.length, usual: 0, what, time }];
};
