import { rfc3339 } from '../model/clock.ts';
import { statedExpiry } from '../model/token.ts';
import { type Answer, type EndpointRequest, notFound, type Protocol, Refusal, requireMethod } from './exchange.ts';
import { isSameSecret } from './same-secret.ts';
import { type Lookup, usableToken } from './usable-token.ts';

const CREDENTIALS_PATH = /^\/credentials\/([A-Za-z0-9][\w.-]{0,63})$/;

/**
 * Serves credentials to unmodified AWS SDKs. `AWS_CONTAINER_CREDENTIALS_FULL_URI` is the URL of `/credentials/{name}`
 * here. SDKs send the content of the file in `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` as the Authorization header
 * (docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html). The format of responses and errors is
 * that of docs.aws.amazon.com/sdk-for-go/api/aws/credentials/endpointcreds.
 *
 * @param secret the content of the authorization file
 */
export function awsContainerProtocol(lookup: Lookup, allowed: readonly string[] | undefined, secret: string): Protocol {
  return {
    name: 'aws-container-credentials',
    answer(request) {
      if (!isSameSecret(request.header('authorization'), secret)) {
        throw new Refusal(401, 'Unauthorized', 'Authorization must be the content of authorization_file', {
          // Not a standard scheme: SDKs send the content without a scheme.
          headers: { 'www-authenticate': 'TokenRelay' },
        });
      }
      return credentials(request, lookup, allowed);
    },
    // The SDK for JavaScript reads the capitalized names; the others read the lower-case names.
    wordError: ({ code, message }) => ({ code, message, Code: code, Message: message }),
  };
}

function credentials(request: EndpointRequest, lookup: Lookup, allowed: readonly string[] | undefined): Answer {
  const name = CREDENTIALS_PATH.exec(request.path)?.[1];
  if (name === undefined) throw notFound();
  requireMethod(request, 'GET');
  const token = usableToken(lookup, name, allowed);
  const expiresAt = statedExpiry(token);
  const { access_key_id: AccessKeyId, secret_access_key: SecretAccessKey, session_token: Token } = token.values;
  if (!AccessKeyId || !SecretAccessKey || !Token) {
    throw new Refusal(404, 'wrong_form', `the token ${name} is not a temporary AWS credential`);
  }
  // The SDKs for Python and JavaScript reject credentials without an expiry.
  if (expiresAt === undefined)
    throw new Refusal(404, 'no_end', `the token ${name} has no expiry, which is needed here`);
  return { body: { AccessKeyId, SecretAccessKey, Token, Expiration: rfc3339(expiresAt) } };
}
