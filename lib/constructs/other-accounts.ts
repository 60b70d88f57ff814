import { Aws } from 'aws-cdk-lib';
import { AccountPrincipal, AnyPrincipal, type IPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Config } from '../config/config.ts';

/**
 * Creates the API's resource policy, which lets other accounts call it.
 *
 * The policy opens only the workloads' paths, and only to the configured accounts and organization. It excludes the
 * service's own account: there, a resource policy alone would authorize callers without any IAM policy. Callers in the
 * own account need an IAM policy.
 *
 * @param calls method and path of each call
 * @param openPosts the paths with an open `POST` method
 * @returns `undefined` if no other account is trusted; the API then has no resource policy
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
 */
export function callersFromOtherAccounts(
  { trusted_accounts, trusted_organization }: Pick<Config, 'trusted_accounts' | 'trusted_organization'>,
  stage: string,
  calls: readonly string[],
  openPosts: readonly string[],
): PolicyDocument | undefined {
  if (trusted_accounts.length === 0 && trusted_organization === undefined) return undefined;

  const allow = (sid: string, principals: IPrincipal[], conditions: Record<string, Record<string, string>>) =>
    new PolicyStatement({
      sid,
      principals,
      actions: ['execute-api:Invoke'],
      resources: calls.map((call) => `execute-api:/${stage}/${call.replace(' ', '')}`),
      conditions: {
        ...conditions,
        StringNotEquals: { 'aws:PrincipalAccount': Aws.ACCOUNT_ID },
      },
    });
  const document = new PolicyDocument();
  if (trusted_accounts.length > 0) {
    const principals = trusted_accounts.map((account) => new AccountPrincipal(account));
    document.addStatements(allow('WorkloadsOfTrustedAccounts', principals, {}));
  }
  if (trusted_organization !== undefined) {
    const inOrganization = { StringEquals: { 'aws:PrincipalOrgID': trusted_organization } };
    document.addStatements(allow('WorkloadsOfTheOrganization', [new AnyPrincipal()], inOrganization));
  }
  // With a resource policy, public paths must be allowed explicitly.
  const documents = ['.well-known/*', 'status-lists', 'status-lists/*'];
  const open = ['GET', 'HEAD', 'OPTIONS'].flatMap((method) => documents.map((path) => `${method}/${path}`));
  open.push(...openPosts.map((path) => `POST${path}`));
  document.addStatements(
    new PolicyStatement({
      sid: 'OpenPathsAreOpen',
      principals: [new AnyPrincipal()],
      actions: ['execute-api:Invoke'],
      resources: open.map((path) => `execute-api:/${stage}/${path}`),
    }),
  );
  return document;
}
