import type { APIGatewayProxyResult } from 'aws-lambda';
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

/** Checks that an answer is a success whose JSON has these members, among others. */
export function answers(answer: unknown, expected: object): void {
  const { statusCode, body } = answer as APIGatewayProxyResult;
  const said = JSON.parse(body);
  const equal = Object.entries(expected).every(([name, value]) => JSON.stringify(said[name]) === JSON.stringify(value));
  if (statusCode !== 200 || !equal) throw new CheckFailed(`a first event was answered with ${statusCode}: ${body}`);
}

/** Checks the status of an answer. */
export function answersWith(answer: unknown, expected: number): void {
  const { statusCode, body } = answer as APIGatewayProxyResult;
  if (statusCode !== expected) throw new CheckFailed(`a first event was answered with ${statusCode}: ${body}`);
}

/** Checks that a function without an answer did its work: which AWS operations it called, in alphabetical order. */
export function calls(awsCalls: readonly string[], expected: string): void {
  const called = [...new Set(awsCalls)].toSorted().join();
  if (called !== expected) throw new CheckFailed(`a first event called ${called} and not ${expected}`);
}
