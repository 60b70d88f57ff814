import { Aws } from 'aws-cdk-lib';
import { AccountPrincipal, AnyPrincipal, type IPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Config } from '../config/config.ts';

/**
 * The API's resource policy, where other accounts may call it.
 *
 * Only the workloads' paths open, and only to the accounts and the organization that the configuration names. The
 * machine's own account is left out: there, an allow in this policy would suffice without any IAM policy. Its callers
 * are let in by their IAM policies alone.
 *
 * @param calls method and path of each
 * @returns `undefined` when no other account is trusted: then there is no resource policy
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
 */
export function callersFromOtherAccounts(
  {
    trusted_accounts,
    trusted_organization,
    trusted_transmitters,
  }: Pick<Config, 'trusted_accounts' | 'trusted_organization' | 'trusted_transmitters'>,
  stage: string,
  calls: readonly string[],
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
  // Where there is a resource policy, what is open must be said to be.
  const documents = ['.well-known/*', 'status-lists', 'status-lists/*'];
  const open = ['GET', 'HEAD', 'OPTIONS'].flatMap((method) => documents.map((path) => `${method}/${path}`));
  if (trusted_transmitters.length > 0) open.push('POST/security-events');
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
