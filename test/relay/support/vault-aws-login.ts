import { createHash, createHmac } from 'node:crypto';

const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
const sha256 = (data: string) => createHash('sha256').update(data).digest('hex');
const decoded = (text: unknown) => Buffer.from(String(text), 'base64').toString();

/**
 * Verifies the AWS request inside a login of Vault's AWS method, with an independent computation of its signature.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * @returns whether the signature is valid, the target of the request, and the signed parts
 */
export function awsRequestIn(body: Record<string, unknown>, secretKey: string) {
  const url = new URL(decoded(body.iam_request_url));
  const headers = JSON.parse(decoded(body.iam_request_headers)) as Record<string, string>;
  const lowered = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const [, accessKey, scope = '', signed = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      lowered.authorization ?? '',
    ) ?? [];
  const canonical = [
    body.iam_http_request_method,
    url.pathname,
    url.search.slice(1),
    ...signed.split(';').map((name) => `${name}:${lowered[name]?.trim()}`),
    '',
    signed,
    sha256(decoded(body.iam_request_body)),
  ].join('\n');
  const [date = '', region = '', service = ''] = scope.split('/');
  const key = ['aws4_request'].reduce<Buffer>(hmac, hmac(hmac(hmac(`AWS4${secretKey}`, date), region), service));
  const toSign = ['AWS4-HMAC-SHA256', lowered['x-amz-date'], scope, sha256(canonical)].join('\n');
  return {
    isSignedRightly: hmac(key, toSign).toString('hex') === signature,
    url: url.href,
    body: decoded(body.iam_request_body),
    method: body.iam_http_request_method,
    accessKey,
    region,
    service,
    headers: lowered,
    signed: signed.split(';'),
  };
}
