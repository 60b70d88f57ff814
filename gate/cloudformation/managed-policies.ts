import { isMapping, mapping } from '../model/values.ts';
import type { CloudFormationRule } from './check.ts';
import { template } from './examples.ts';
import { alternatives, resolveText } from './intrinsics.ts';

/** Properties that attach managed policies, at any depth and of any resource type. A permissions boundary attaches none. */
const ATTACHES = /^(?:ManagedPolicyArns|ManagedPolicies|Policies|PolicyArns?)$/i;

/** The ARN of a policy that AWS manages, or only its name, as in `AWS::Serverless::Function`. */
const OF_AWS = /^(?:arn:[^:]*:(?:iam|eks)::aws:[\w-]*policy\/|\/)?(?:[\w-]+\/)*([\w+=,.@-]+)$/i;

type Breadth = 'administrator' | 'service' | 'any-resource' | 'any-data';

/**
 * What policies of AWS allow, by their names. The first match applies. Other policies are narrow or unknown.
 *
 * @see https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
 */
const BREADTHS: readonly [RegExp, Breadth | undefined][] = [
  [/^(?:AdministratorAccess|PowerUserAccess|IAMFullAccess|AmazonEKSClusterAdminPolicy)$/, 'administrator'],
  // Their services have no resources that a policy could name.
  [/^(?:ComprehendMedical|AWSPriceListService|AWSSupportPlans|AWSMarketplaceMeteringFull)/, undefined],
  [/^(?:SecretsManagerReadWrite|AmazonCognitoPowerUser|SystemAdministrator|DataScientist)$/, 'service'],
  [/ReadWrite(?:Access)?$|PowerUser$|(?:Invoke|Client)FullAccess$/, 'any-resource'],
  [/^(?:AmazonEC2RoleforSSM|AmazonEC2RoleforDataPipelineRole|AWSLambdaRole)$/, 'any-resource'],
  [/(?:FullAccess|Administrator|AdminAccess)(?:_?V\d+)?$|^AdministratorAccess-/i, 'service'],
  [/^(?:Amazon(?:S3|DynamoDB|SSM|Kinesis)|AWSCodeCommit)?ReadOnly(?:Access)?$/, 'any-data'],
  [/^AmazonEKS(?:Admin|Edit)Policy$/, 'administrator'],
  [/^AmazonEKSAdminViewPolicy$/, 'any-data'],
];

/** Finds the AWS managed policies of one breadth that a value attaches, with the mapping and key that attach each. */
function* attached(value: unknown, breadth: Breadth): Generator<{ in: object; key: string; name: string }> {
  if (Array.isArray(value)) for (const element of value) yield* attached(element, breadth);
  if (!isMapping(value)) return;
  for (const [key, member] of Object.entries(value)) {
    // Statements name policies in conditions. They do not attach them.
    if (key === 'Statement') continue;
    if (ATTACHES.test(key) && !isOfNamespace(value.AccessScope)) {
      for (const each of alternatives(member)) {
        const name = OF_AWS.exec(resolveText(each))?.[1];
        if (name !== undefined && breadthOf(name) === breadth) yield { in: value, key, name };
      }
    }
    yield* attached(member, breadth);
  }
}

function breadthOf(name: string): Breadth | undefined {
  return BREADTHS.find(([names]) => names.test(name))?.[1];
}

/** Reports whether an access policy of EKS applies only to some namespaces. */
function isOfNamespace(scope: unknown): boolean {
  return resolveText(mapping(scope).Type) === 'namespace';
}

function example(name: string) {
  return template('AWS::IAM::Group', [`ManagedPolicyArns: [arn:aws:iam::aws:policy/${name}]`]);
}

function ruleOf(breadth: Breadth, allows: string, rule: Omit<CloudFormationRule, 'check'>): CloudFormationRule {
  return {
    ...rule,
    check: function* ({ title, properties }) {
      for (const { name, ...at } of attached(properties, breadth)) {
        yield { ...at, message: `${title} has the policy ${name}${allows}` };
      }
    },
  };
}

const NARROW = example('AWSXRayDaemonWriteAccess');

/** The rules about policies that AWS manages. They forbid what the rules about statements forbid. */
export const managedPolicyRules: readonly CloudFormationRule[] = [
  ruleOf('administrator', '', {
    id: 'cloudformation/administrator-policy',
    severity: 'error',
    title: 'an AWS managed policy for administrators',
    why: 'With AdministratorAccess, PowerUserAccess, IAMFullAccess or AmazonEKSClusterAdminPolicy, an attacker who takes over the workload controls the account or the cluster.',
    instead: 'Attach a policy that names the actions that the workload calls.',
    failing: example('AdministratorAccess'),
    passing: NARROW,
  }),
  ruleOf('service', ', which allows every action of a service on every resource', {
    id: 'cloudformation/service-wide-policy',
    severity: 'error',
    title: 'an AWS managed policy that allows every action of a service',
    why: 'The workload can read, change and delete everything in the service, including the data of other teams.',
    instead: 'Attach a policy of your own that names the actions and the ARNs of their resources.',
    failing: example('AmazonS3FullAccess'),
    passing: NARROW,
  }),
  ruleOf('any-resource', ', which allows changes to any resource', {
    id: 'cloudformation/policy-for-any-resource',
    severity: 'warning',
    title: 'an AWS managed policy that allows changes to any resource',
    why: 'The policy applies to every resource of the account, not only to those of this workload.',
    instead: 'Attach a policy of your own that names the resources.',
    failing: example('AmazonEC2ContainerRegistryPowerUser'),
    passing: NARROW,
  }),
  ruleOf('any-data', ', which allows reading all data', {
    id: 'cloudformation/policy-for-all-data',
    severity: 'warning',
    title: 'an AWS managed policy that allows reading all data',
    why: 'An attacker who takes over the workload reads the data of other teams, and credentials for further systems.',
    instead: 'Attach a policy of your own that names the buckets, tables or parameters.',
    failing: example('AmazonS3ReadOnlyAccess'),
    passing: NARROW,
  }),
];
