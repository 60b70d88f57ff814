import type { Clock } from '../model/clock.ts';
import { bearerOf, isAlive, type Token } from '../model/token.ts';
import type { Tokens } from '../model/tokens.ts';
import { Refusal } from './exchange.ts';

/** Wire formats tell ends in whole seconds: with less than one left, an answer would name an end that has passed. */
const LEAST_LEFT = 1_000;

/** What endpoints look tokens up with. */
export interface Lookup {
  tokens: Pick<Tokens, 'current' | 'statuses'>;
  clock: Clock;
}

/**
 * The token of this name: alive, with values, at this very moment.
 *
 * @param allowed the names that are given out at this endpoint; all when there is no list
 * @throws {Refusal} 404 when there is no such token here; 503 when it cannot be used now
 */
export function usableToken({ tokens, clock }: Lookup, name: string, allowed?: readonly string[]): Token {
  const status = tokens.statuses().find((one) => one.name === name);
  if (status === undefined || allowed?.includes(name) === false) {
    throw new Refusal(404, 'unknown_token', 'there is no such token here');
  }
  const token = tokens.current(name);
  const values = Object.values(token?.values ?? {});
  const isWhole = values.length > 0 && values.every((value) => value !== '');
  if (token !== undefined && isWhole && isAlive(token, clock.now() + LEAST_LEFT - 1)) return token;
  const why = { waiting: 'was not fetched yet', revoked: 'was revoked', expired: 'has expired' };
  const { state } = status;
  const reason = state in why ? why[state as keyof typeof why] : 'cannot be used now';
  throw new Refusal(503, 'not_ready', `the token ${name} ${reason}`);
}

/** A bearer token with its end, as the protocols of Azure and Google Cloud give them out. @throws {Refusal} */
export function usableBearer(lookup: Lookup, name: string): { bearer: string; expiresAt: number } {
  const token = usableToken(lookup, name);
  const bearer = bearerOf(token);
  if (bearer === undefined) throw new Refusal(404, 'wrong_form', `the token ${name} is no bearer token`);
  if (token.expiresAt === undefined) throw new Refusal(404, 'no_end', `the token ${name} sets no end, as it must here`);
  return { bearer, expiresAt: token.expiresAt };
}

/** Whole seconds from now until then. @param milliseconds since the epoch */
export function secondsUntil(milliseconds: number, clock: Clock): number {
  return Math.floor((milliseconds - clock.now()) / 1_000);
}
