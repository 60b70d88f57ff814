import type { Credentials } from '../aws/credentials.ts';
import type { LoginMethod } from './login-method.ts';
import type { VaultAuth, VaultSettings } from './settings.ts';

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';

/**
 * Logs in with an identity of AWS: a signed request `sts:GetCallerIdentity`, which Vault sends on to AWS to learn who
 * signed it. The secret key stays here.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/auth/aws#login
 */
export function awsLogin(
  { mount, region, server_id }: Extract<VaultAuth, { method: 'aws' }>,
  { vault_role }: VaultSettings,
): LoginMethod {
  const url = stsUrl(region);
  let credentials: (() => Promise<Credentials>) | undefined;
  return {
    mount: mount ?? 'aws',
    async body() {
      // The AWS SDK takes some megabytes of memory, and most agents log in by other means.
      const [{ awsCredentials }, { signedHeaders }] = await Promise.all([
        import('../aws/credentials.ts'),
        import('@tvm/api/signature.ts'),
      ]);
      credentials ??= awsCredentials({ region });
      const headers = await signedHeaders({
        method: 'POST',
        url,
        headers: {
          'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
          // Signed, so that a request made for one Vault cannot be used at another.
          ...(server_id !== undefined && { 'x-vault-aws-iam-server-id': server_id }),
        },
        body: BODY,
        service: 'sts',
        // The global endpoint takes signatures for this region alone.
        region: region ?? 'us-east-1',
        credentials: await credentials(),
      });
      return {
        ...(vault_role !== undefined && { role: vault_role }),
        iam_http_request_method: 'POST',
        iam_request_url: base64(url),
        iam_request_body: base64(BODY),
        iam_request_headers: base64(JSON.stringify(headers)),
      };
    },
  };
}

/** @see https://docs.aws.amazon.com/general/latest/gr/sts.html */
function stsUrl(region: string | undefined): string {
  if (region === undefined) return 'https://sts.amazonaws.com/';
  return `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
