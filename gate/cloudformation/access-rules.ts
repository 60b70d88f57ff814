import { matchesPattern } from './actions.ts';
import type { CloudFormationRule } from './check.ts';
import { eachAllowing } from './check.ts';
import { isOpen, matchEveryResource, namesCallers, restricts } from './conditions.ts';
import { template, trust } from './examples.ts';
import { alternatives, resolveText } from './intrinsics.ts';
import { hasWildcard } from './patterns.ts';
import { principalsOf, rootOfAccount } from './principals.ts';
import type { CloudFormationResource } from './resources.ts';

function topicPolicy(statement: readonly string[]) {
  return template('AWS::SNS::TopicPolicy', [
    'Topics: [!Ref Orders]',
    'PolicyDocument:',
    '  Statement:',
    '    - Effect: Allow',
    ...statement.map((line) => `      ${line}`),
    '      Action: sns:Publish',
    '      Resource: !Ref Orders',
  ]);
}

const ofStatements = eachAllowing(({ kind, value, actions }) =>
  kind !== 'identity' &&
  principalsOf(value.Principal, 'AWS').includes('*') &&
  !namesCallers(value.Condition) &&
  !isOnlyInvoke(actions)
    ? [{ key: 'Principal', problem: 'is open to everyone (Principal *)' }]
    : [],
);

/** Reports whether a statement only allows calls of an API. Its methods decide how callers authenticate. */
function isOnlyInvoke(actions: readonly string[]): boolean {
  return actions.length > 0 && actions.every((action) => /^execute-api:invoke$/i.test(action));
}

const publicAccess: CloudFormationRule = {
  id: 'cloudformation/public-access',
  severity: 'error',
  title: 'a policy that allows access to everyone',
  why: 'Principal `*` means every AWS account and, for many services, anonymous callers too.',
  instead:
    'Name the accounts, roles or services in `Principal`, or add a `Condition` on `aws:PrincipalOrgID`, `aws:SourceArn` or `aws:SourceAccount`.',
  failing: topicPolicy(["Principal: '*'"]),
  passing: topicPolicy(["Principal: '*'", 'Condition: { ArnEquals: { aws:SourceArn: !GetAtt Bucket.Arn } }']),
  check: (resource) => [...(isInVpc(resource) ? [] : ofStatements(resource)), ...ofProperties(resource)],
};

/**
 * Reports whether only the network of a VPC reaches the endpoint of a search domain.
 *
 * @see https://docs.aws.amazon.com/opensearch-service/latest/developerguide/vpc.html
 */
function isInVpc({ type, properties }: CloudFormationResource): boolean {
  return /^AWS::(?:OpenSearchService|Elasticsearch)::Domain$/.test(type) && properties.VPCOptions !== undefined;
}

/** The properties that restrict a `*` principal, for resources whose policy consists of properties. */
const BINDING_PROPERTIES: Record<string, readonly string[]> = {
  'AWS::Lambda::Permission': ['SourceArn', 'SourceAccount', 'PrincipalOrgID', 'EventSourceToken'],
  'AWS::Lambda::LayerVersionPermission': ['OrganizationId'],
  'AWS::Events::EventBusPolicy': ['Condition'],
};

function ofProperties({ type, title, properties }: CloudFormationResource) {
  const binding = Object.hasOwn(BINDING_PROPERTIES, type) ? BINDING_PROPERTIES[type] : undefined;
  if (binding === undefined || binding.some((key) => binds(key, properties[key]))) return [];
  return alternatives(properties.Principal)
    .filter((principal) => resolveText(principal) === '*')
    .map(() => ({ in: properties, key: 'Principal', message: `${title} is open to everyone (Principal *)` }));
}

function binds(key: string, value: unknown): boolean {
  if (value === undefined || key === 'Condition') return value !== undefined;
  return !isOpen(
    key.toLowerCase(),
    alternatives(value).map((each) => resolveText(each)),
  );
}

const ACCOUNT = 'Principal: { AWS: arn:aws:iam::111122223333:root }';

const crossAccountTrust: CloudFormationRule = {
  id: 'cloudformation/cross-account-trust',
  severity: 'warning',
  title: 'a role that all of another account can assume',
  why: 'Every principal of that account can be given permission to assume the role, and so can a service that is tricked.',
  instead:
    'Name a role of that account, or add a `Condition` on `sts:ExternalId`, `aws:PrincipalArn` or `aws:PrincipalOrgID`.',
  failing: trust(['Effect: Allow', ACCOUNT, 'Action: sts:AssumeRole']),
  passing: trust([
    'Effect: Allow',
    ACCOUNT,
    'Action: sts:AssumeRole',
    'Condition: { StringEquals: { sts:ExternalId: orders-7f3a } }',
  ]),
  check: eachAllowing(({ kind, value }) => {
    if (kind !== 'trust' || namesCallersOrAgreement(value.Condition)) return [];
    return principalsOf(value.Principal, 'AWS').flatMap((principal) => {
      const account = rootOfAccount(principal);
      return account === undefined
        ? []
        : [{ key: 'Principal', problem: `can be assumed by all of account ${account}` }];
    });
  }),
};

function namesCallersOrAgreement(condition: unknown): boolean {
  // Conditions on the caller's account add nothing, because the principal already names the account.
  const further = (key: string) =>
    /^(?:sts:externalid|aws:(?:principal(?:arn|orgid|orgpaths|tag\/.*)|source\w+))$/.test(key);
  const open = (key: string, patterns: readonly string[]) =>
    isOpen(key, patterns) || (key === 'aws:principalarn' && matchEveryResource(patterns));
  return restricts(condition, further, open);
}

const PROVIDER = "Principal: { Federated: !Sub 'arn:aws:iam::${AWS::AccountId}:oidc-provider/ci.example.com' }";

/** Patterns of subjects that match every repository, project or namespace. */
const ANY_SUBJECT = /^(?:(?:repo|project_path|organization|system:serviceaccount):)?[*?]|^[^*?:/|@]{0,3}[*?]/;

/** A GitHub repository without wildcards. A value that is unknown before deployment counts as a repository. */
const REPOSITORY = /^repo:(?:[^*?/:]+\/[^*?/:]+|[^*?/:]*\0)(?::|$)/;

function isAnySubject(key: string, text: string): boolean {
  if (text.startsWith('repo:')) return !REPOSITORY.test(text);
  // GitHub can be configured to build subjects from other claims than the repository.
  if (key.startsWith('token.actions.githubusercontent.com')) return !/^(?:[^*?]*\0|\w+:[^*?:]+[:/]|[^*?]*$)/.test(text);
  return ANY_SUBJECT.test(text);
}

const webIdentityTrust: CloudFormationRule = {
  id: 'cloudformation/web-identity-without-subject',
  severity: 'error',
  title: 'a role that every identity of an OIDC provider can assume',
  why: 'Every repository, project or pod that gets tokens from the provider can assume the role. If the provider is public, anyone can.',
  instead:
    'Add a `Condition` on the provider’s `:sub`, as in `StringEquals: { token.actions.githubusercontent.com:sub: "repo:acme/orders:ref:refs/heads/main" }`.',
  failing: trust(['Effect: Allow', PROVIDER, 'Action: sts:AssumeRoleWithWebIdentity']),
  passing: trust([
    'Effect: Allow',
    PROVIDER,
    'Action: sts:AssumeRoleWithWebIdentity',
    'Condition: { StringLike: { ci.example.com:sub: "repo:acme/orders:*" } }',
  ]),
  check: eachAllowing(({ kind, value, actions }) => {
    if (kind !== 'trust' || !actions.some((action) => matchesPattern(action, 'sts:AssumeRoleWithWebIdentity'))) {
      return [];
    }
    return principalsOf(value.Principal, 'Federated')
      .filter((provider) => !bindsSubject(provider, value.Condition))
      .map(() => ({ key: 'Condition', problem: 'can be assumed by every subject of its OIDC provider' }));
  }),
};

function bindsSubject(provider: string, condition: unknown): boolean {
  const open = (key: string, patterns: readonly string[]) =>
    patterns.some((pattern) => hasWildcard(pattern) && isAnySubject(key, pattern));
  if (restricts(condition, (key) => key.endsWith(':sub'), open)) return true;
  // Cognito's audience is the identity pool, which decides who its members are.
  return provider === 'cognito-identity.amazonaws.com' && restricts(condition, (key) => key.endsWith(':aud'));
}

const ANYWHERE = ['Principal: { Service: rolesanywhere.amazonaws.com }', 'Action: sts:AssumeRole'];

const rolesAnywhereTrust: CloudFormationRule = {
  id: 'cloudformation/roles-anywhere-without-subject',
  severity: 'error',
  title: 'a role that every certificate of a trust anchor can assume',
  why: 'Every machine with a certificate of any certificate authority that the account trusts can assume the role.',
  instead:
    'Add a `Condition` on the certificate’s subject or issuer, as in `StringEquals: { aws:PrincipalTag/x509Subject/CN: orders }`.',
  failing: trust(['Effect: Allow', ...ANYWHERE]),
  passing: trust([
    'Effect: Allow',
    ...ANYWHERE,
    'Condition: { StringEquals: { aws:PrincipalTag/x509Subject/CN: orders } }',
  ]),
  check: eachAllowing(({ kind, value }) =>
    kind === 'trust' &&
    principalsOf(value.Principal, 'Service').some((service) => /^rolesanywhere\.amazonaws\.com$/i.test(service)) &&
    !restricts(value.Condition, (key) => /^aws:principaltag\/x509/.test(key))
      ? [{ key: 'Condition', problem: 'can be assumed with every certificate of a trust anchor' }]
      : [],
  ),
};

/** The rules about who may access a resource or assume a role. */
export const accessRules = [publicAccess, crossAccountTrust, webIdentityTrust, rolesAnywhereTrust];
