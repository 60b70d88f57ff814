import type { Clock } from '../model/clock.ts';
import { bearerOf, isAlive, isEmpty, type Token } from '../model/token.ts';
import type { Tokens } from '../model/tokens.ts';
import { Refusal } from './exchange.ts';

/** The minimum remaining lifetime in milliseconds. Responses have whole seconds, so less would look expired. */
const LEAST_LEFT = 1_000;

/** What endpoints need to look up tokens. */
export interface Lookup {
  tokens: Pick<Tokens, 'current' | 'statuses'>;
  clock: Clock;
}

/**
 * Returns the token with this name, if it is usable now.
 *
 * @param allowed the names of the tokens that this endpoint serves. Default: all
 * @throws {Refusal} 404 if the endpoint does not serve the token; 503 if the token is not usable now
 */
export function usableToken({ tokens, clock }: Lookup, name: string, allowed?: readonly string[]): Token {
  const status = tokens.statuses().find((one) => one.name === name);
  if (status === undefined || allowed?.includes(name) === false) {
    throw new Refusal(404, 'unknown_token', 'there is no token with this name');
  }
  const token = tokens.current(name);
  if (token !== undefined && !isEmpty(token) && isAlive(token, clock.now() + LEAST_LEFT - 1)) return token;
  const why = { waiting: 'was not fetched yet', revoked: 'was revoked', expired: 'has expired' };
  const { state } = status;
  const reason = state in why ? why[state as keyof typeof why] : 'is not usable now';
  throw new Refusal(503, 'not_ready', `the token ${name} ${reason}`);
}

/** Returns a bearer token with its expiry, for the protocols of Azure and Google Cloud. @throws {Refusal} */
export function usableBearer(lookup: Lookup, name: string): { bearer: string; expiresAt: number } {
  const token = usableToken(lookup, name);
  const bearer = bearerOf(token);
  if (bearer === undefined) throw new Refusal(404, 'wrong_form', `the token ${name} is not a bearer token`);
  if (token.expiresAt === undefined)
    throw new Refusal(404, 'no_end', `the token ${name} has no expiry, which is needed here`);
  return { bearer, expiresAt: token.expiresAt };
}

/** Returns the whole seconds until a time. @param milliseconds since the epoch */
export function secondsUntil(milliseconds: number, clock: Clock): number {
  return Math.floor((milliseconds - clock.now()) / 1_000);
}
