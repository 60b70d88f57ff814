import { AwsClient } from 'aws4fetch';

/** AWS credentials as the credential chain resolves them. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/**
 * `fetch` that signs each request with AWS Signature Version 4 for API Gateway (service `execute-api`).
 *
 * No retry happens here: whether a request may be repeated is the caller's knowledge.
 *
 * @param credentials the identity that asks
 * @param region the API's AWS region, e.g. `eu-central-1`
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
export function signedFetch(
  credentials: Credentials,
  region: string,
): (url: string, init?: RequestInit) => Promise<Response> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    region,
    service: 'execute-api',
    retries: 0,
  });
  return (url, init) => client.fetch(url, init);
}
