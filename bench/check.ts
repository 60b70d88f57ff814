import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';

/** Something that is measured does not do what it should: a measurement of it would mean nothing. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

/**
 * The access token in an answer, if the answer is a success and its token verifies with jose.
 *
 * @throws CheckFailed when it is not
 */
export async function verifiedToken(
  answer: { statusCode: number; body: string },
  jwks: JSONWebKeySet,
): Promise<string> {
  if (answer.statusCode !== 200) throw new CheckFailed(`a token was refused with ${answer.statusCode}: ${answer.body}`);
  const { access_token: token } = JSON.parse(answer.body);
  try {
    await jwtVerify(token, createLocalJWKSet(jwks), { typ: 'at+jwt', algorithms: ['ES256'] });
  } catch (error) {
    throw new CheckFailed(`a token does not verify: ${(error as Error).message}`);
  }
  return token;
}
