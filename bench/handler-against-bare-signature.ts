import { decodeJwt, type JWK, SignJWT } from 'jose';
import { report } from './apart.ts';
import { apiEvent, lambdaContext, TOKEN_REQUEST } from './api-events.ts';
import { verifiedToken } from './check.ts';
import { machineInMemory } from './machine-in-memory.ts';
import { type Comparison, compare } from './measure.ts';

const ROUNDS = 21;

/** What `handler-against-bare-signature` measured. */
export type HandlerAgainstBareSignature = Record<
  'bare signature' | 'handler, 10 policies' | 'handler, 100 policies',
  Comparison
>;

/**
 * The whole `issue-token` handler, event in and JSON answer out, against the least that any issuer must do: a bare
 * ES256 signature of the same claims with jose.
 */
export async function handlerAgainstBareSignature(): Promise<HandlerAgainstBareSignature> {
  const few = await machineInMemory(10);
  const many = await machineInMemory(100);
  const event = apiEvent('/token', TOKEN_REQUEST);
  const context = lambdaContext();
  const ask = ({ handler }: typeof few) => handler(event, context);

  const token = await verifiedToken(await ask(few), few.jwks);
  await verifiedToken(await ask(many), many.jwks);

  const claims = decodeJwt(token);
  const [{ kid } = {}] = few.jwks.keys as JWK[];
  const header = { alg: 'ES256', typ: 'at+jwt', kid };
  const sign = () => new SignJWT(claims).setProtectedHeader(header).sign(few.privateKey);
  await verifiedToken({ statusCode: 200, body: JSON.stringify({ access_token: await sign() }) }, few.jwks);

  return compare(
    { 'bare signature': sign, 'handler, 10 policies': () => ask(few), 'handler, 100 policies': () => ask(many) },
    ROUNDS,
  );
}

if (import.meta.main) await report(handlerAgainstBareSignature);
