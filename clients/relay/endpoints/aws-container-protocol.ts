import { rfc3339 } from '../model/clock.ts';
import { type Answer, type EndpointRequest, notFound, type Protocol, Refusal, requireMethod } from './exchange.ts';
import { isSameSecret } from './same-secret.ts';
import { type Lookup, usableToken } from './usable-token.ts';

const CREDENTIALS_PATH = /^\/credentials\/([A-Za-z0-9][\w.-]{0,63})$/;

/**
 * Credentials for unmodified SDKs of AWS: `AWS_CONTAINER_CREDENTIALS_FULL_URI` names `/credentials/{name}` here, and
 * `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` the file whose content they send as Authorization
 * (docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html). The form of answers and errors:
 * docs.aws.amazon.com/sdk-for-go/api/aws/credentials/endpointcreds.
 *
 * @param secret the content of that file
 */
export function awsContainerProtocol(lookup: Lookup, allowed: readonly string[] | undefined, secret: string): Protocol {
  return {
    name: 'aws-container-credentials',
    answer(request) {
      if (!isSameSecret(request.header('authorization'), secret)) {
        throw new Refusal(401, 'Unauthorized', 'Authorization must be the content of authorization_file', {
          // No scheme: SDKs send the content as it is.
          headers: { 'www-authenticate': 'TokenRelay' },
        });
      }
      return credentials(request, lookup, allowed);
    },
    // The SDK for JavaScript reads the names with capitals, the others those without.
    wordError: ({ code, message }) => ({ code, message, Code: code, Message: message }),
  };
}

function credentials(request: EndpointRequest, lookup: Lookup, allowed: readonly string[] | undefined): Answer {
  const name = CREDENTIALS_PATH.exec(request.path)?.[1];
  if (name === undefined) throw notFound();
  requireMethod(request, 'GET');
  const { values, expiresAt } = usableToken(lookup, name, allowed);
  const { access_key_id: AccessKeyId, secret_access_key: SecretAccessKey, session_token: Token } = values;
  if (AccessKeyId === undefined || SecretAccessKey === undefined || Token === undefined) {
    throw new Refusal(404, 'wrong_form', `the token ${name} holds no temporary credentials of AWS`);
  }
  // Those for Python and for JavaScript take no credentials without one.
  if (expiresAt === undefined) throw new Refusal(404, 'no_end', `the token ${name} sets no end, as it must here`);
  return { body: { AccessKeyId, SecretAccessKey, Token, Expiration: rfc3339(expiresAt) } };
}
