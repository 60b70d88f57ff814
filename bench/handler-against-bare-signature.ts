import { decodeJwt, type JWK, SignJWT } from 'jose';
import { report } from './apart.ts';
import { apiEvent, lambdaContext, TOKEN_REQUEST } from './api-events.ts';
import { verifiedToken } from './check.ts';
import { type Comparison, compare, type Operation } from './measure.ts';
import { BEHAVIOUR_GUARD, policySet, SIZES } from './policy-sets.ts';
import { type ServiceInMemory, serviceInMemory } from './service-in-memory.ts';

const ROUNDS = 15;

/** The measurements, by the name of the row. */
export type HandlerAgainstBareSignature = Record<string, Comparison>;

/**
 * Compares the whole `issue-token` handler, from event to JSON response, with the minimum work of any issuer: a bare
 * ES256 signature of the same claims with jose.
 */
export async function handlerAgainstBareSignature(): Promise<HandlerAgainstBareSignature> {
  const event = apiEvent('/token', TOKEN_REQUEST);
  const context = lambdaContext();
  const ask = ({ handler }: ServiceInMemory) => handler(event, context);

  const operations: Record<string, Operation> = {};
  const sets = [
    ...SIZES.map((size) => [`handler, ${size.toLocaleString('en')} policies`, policySet(size)] as const),
    ['handler, 10 policies, one reads behaviour', policySet(9) + BEHAVIOUR_GUARD] as const,
  ];
  for (const [name, policies] of sets) {
    const machine = await serviceInMemory(policies);
    const token = await verifiedToken(await ask(machine), machine.jwks);
    if (Object.keys(operations).length === 0) operations['bare signature'] = await bareSignature(token, machine);
    operations[name] = () => ask(machine);
  }
  return compare(operations, ROUNDS);
}

async function bareSignature(token: string, { jwks, privateKey }: ServiceInMemory): Promise<Operation> {
  const claims = decodeJwt(token);
  const [{ kid } = {}] = jwks.keys as JWK[];
  const header = { alg: 'ES256', typ: 'at+jwt', kid };
  const sign = () => new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
  await verifiedToken({ statusCode: 200, body: JSON.stringify({ access_token: await sign() }) }, jwks);
  return sign;
}

if (import.meta.main) await report(handlerAgainstBareSignature);
