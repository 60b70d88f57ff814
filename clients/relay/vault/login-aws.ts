import type { Credentials } from '../aws/credentials.ts';
import type { LoginMethod } from './login-method.ts';
import type { VaultAuth, VaultSettings } from './settings.ts';

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';

/**
 * Logs in with an AWS identity: a signed `sts:GetCallerIdentity` request, which Vault forwards to AWS to verify the
 * signer. The secret key does not leave this machine.
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
      // Imported on demand: the AWS SDK uses several megabytes of memory, and most agents use another login.
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
          // Signed, so that a request for one Vault server cannot be replayed at another.
          ...(server_id !== undefined && { 'x-vault-aws-iam-server-id': server_id }),
        },
        body: BODY,
        service: 'sts',
        // The global endpoint accepts only signatures for us-east-1.
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
