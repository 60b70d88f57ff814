import { readManifest } from '../model/read-manifest.ts';
import { isMapping, type Mapping, textOf } from '../model/values.ts';
import { alternatives, resolveText } from './intrinsics.ts';
import type { CloudFormationResource } from './resources.ts';

/** What a policy is attached to: an identity, a resource, or a role as its trust policy. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

/** A statement of an IAM policy that allows something. */
export interface Allowing {
  kind: PolicyKind;
  value: Mapping;
  /** Empty for `NotAction`. Parts that are unknown before deployment are `UNKNOWN`. */
  actions: string[];
  resources: string[];
}

/** The properties that contain policies, by resource type. `*` means each element of a list. */
const POLICIES: Record<string, readonly (readonly [PolicyKind, string])[]> = {
  'AWS::IAM::Policy': [['identity', 'PolicyDocument']],
  'AWS::IAM::ManagedPolicy': [['identity', 'PolicyDocument']],
  'AWS::IAM::RolePolicy': [['identity', 'PolicyDocument']],
  'AWS::IAM::UserPolicy': [['identity', 'PolicyDocument']],
  'AWS::IAM::GroupPolicy': [['identity', 'PolicyDocument']],
  'AWS::IAM::User': [['identity', 'Policies.*.PolicyDocument']],
  'AWS::IAM::Group': [['identity', 'Policies.*.PolicyDocument']],
  'AWS::IAM::Role': [
    ['identity', 'Policies.*.PolicyDocument'],
    ['trust', 'AssumeRolePolicyDocument'],
  ],
  'AWS::Serverless::Function': [
    ['identity', 'Policies'],
    ['trust', 'AssumeRolePolicyDocument'],
  ],
  'AWS::Serverless::StateMachine': [['identity', 'Policies']],
  'AWS::SSO::PermissionSet': [['identity', 'InlinePolicy']],
  'AWS::S3::BucketPolicy': [['resource', 'PolicyDocument']],
  'AWS::S3::AccessPoint': [['resource', 'Policy']],
  'AWS::SQS::QueuePolicy': [['resource', 'PolicyDocument']],
  'AWS::SQS::QueueInlinePolicy': [['resource', 'PolicyDocument']],
  'AWS::SNS::TopicPolicy': [['resource', 'PolicyDocument']],
  'AWS::SNS::TopicInlinePolicy': [['resource', 'PolicyDocument']],
  'AWS::KMS::Key': [['resource', 'KeyPolicy']],
  'AWS::KMS::ReplicaKey': [['resource', 'KeyPolicy']],
  'AWS::SecretsManager::ResourcePolicy': [['resource', 'ResourcePolicy']],
  'AWS::ECR::Repository': [['resource', 'RepositoryPolicyText']],
  'AWS::ECR::RegistryPolicy': [['resource', 'PolicyText']],
  'AWS::Events::EventBus': [['resource', 'Policy']],
  'AWS::DynamoDB::Table': [['resource', 'ResourcePolicy.PolicyDocument']],
  'AWS::DynamoDB::GlobalTable': [['resource', 'Replicas.*.ResourcePolicy.PolicyDocument']],
  'AWS::Kinesis::ResourcePolicy': [['resource', 'ResourcePolicy']],
  'AWS::Lambda::ResourcePolicy': [['resource', 'PolicyDocument']],
  'AWS::EFS::FileSystem': [['resource', 'FileSystemPolicy']],
  'AWS::Logs::ResourcePolicy': [['resource', 'PolicyDocument']],
  'AWS::Backup::BackupVault': [['resource', 'AccessPolicy']],
  'AWS::OpenSearchService::Domain': [['resource', 'AccessPolicies']],
  'AWS::Elasticsearch::Domain': [['resource', 'AccessPolicies']],
};

/** A cache, because every rule needs the statements of every resource. */
const read = new WeakMap<CloudFormationResource, Allowing[]>();

/** Returns the statements that allow something in the policies of a resource. */
export function allowing(resource: CloudFormationResource): Allowing[] {
  const known = read.get(resource) ?? readAllowing(resource);
  read.set(resource, known);
  return known;
}

function readAllowing({ type, properties }: CloudFormationResource): Allowing[] {
  const places = Object.hasOwn(POLICIES, type) ? (POLICIES[type] ?? []) : [];
  const written = places.flatMap(([kind, path]) =>
    at(properties, path.split('.'))
      .map(parsed)
      .flatMap((document) => alternatives(isMapping(document) ? document.Statement : undefined))
      .map((statement) => ({ kind, statement })),
  );
  // A bus's policy is a single statement.
  const single = type === 'AWS::Events::EventBusPolicy' ? alternatives(properties.Statement) : [];
  return [...written, ...single.map((statement) => ({ kind: 'resource' as const, statement }))].flatMap(
    ({ kind, statement }) =>
      // An effect that is unknown before deployment may be Allow.
      isMapping(statement) && statement.Effect !== 'Deny' ? [toAllowing(kind, statement)] : [],
  );
}

function at(value: unknown, path: readonly string[]): unknown[] {
  const [key, ...rest] = path;
  const here = alternatives(value);
  if (key === undefined) return here;
  if (key === '*') return here.flatMap((element) => at(element, rest));
  return here.flatMap((element) => (isMapping(element) ? at(element[key], rest) : []));
}

// Some resources have their policy as text. `readManifest` limits its nesting.
function parsed(document: unknown): unknown {
  const text = textOf(document);
  if (text === undefined) return document;
  const policy = readManifest(text);
  return 'problem' in policy ? undefined : policy.documents[0]?.value;
}

function toAllowing(kind: PolicyKind, value: Mapping): Allowing {
  return {
    kind,
    value,
    actions: alternatives(value.Action).map((each) => resolveText(each)),
    resources: alternatives(value.Resource).map((each) => resolveText(each)),
  };
}
