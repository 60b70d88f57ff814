import type { APIGatewayProxyResult } from 'aws-lambda';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';

/** Thrown if the measured code does not work correctly, because its measurement would mean nothing. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

/**
 * Returns the access token in a successful response, after verifying it with jose.
 *
 * @throws CheckFailed if the response is an error or the token is invalid
 */
export async function verifiedToken(
  response: { statusCode: number; body: string },
  jwks: JSONWebKeySet,
): Promise<string> {
  if (response.statusCode !== 200)
    throw new CheckFailed(`a token request was rejected with ${response.statusCode}: ${response.body}`);
  const { access_token: token } = JSON.parse(response.body);
  try {
    await jwtVerify(token, createLocalJWKSet(jwks), { typ: 'at+jwt', algorithms: ['ES256'] });
  } catch (error) {
    throw new CheckFailed(`a token does not verify: ${(error as Error).message}`);
  }
  return token;
}

/** Checks that a response is a success whose JSON has these properties, among others. */
export function hasProperties(response: unknown, expected: object): void {
  const { statusCode, body } = response as APIGatewayProxyResult;
  const said = JSON.parse(body);
  const equal = Object.entries(expected).every(([name, value]) => JSON.stringify(said[name]) === JSON.stringify(value));
  if (statusCode !== 200 || !equal) throw new CheckFailed(`the first event got the response ${statusCode}: ${body}`);
}

/** Checks the status of a response. */
export function hasStatus(response: unknown, expected: number): void {
  const { statusCode, body } = response as APIGatewayProxyResult;
  if (statusCode !== expected) throw new CheckFailed(`the first event got the response ${statusCode}: ${body}`);
}

/** Checks which AWS operations a function without a response called. `expected` is in alphabetical order. */
export function calls(awsCalls: readonly string[], expected: string): void {
  const called = [...new Set(awsCalls)].toSorted().join();
  if (called !== expected) throw new CheckFailed(`the first event called ${called} instead of ${expected}`);
}
