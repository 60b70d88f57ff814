import {
  changesWhatCouldBeNamed,
  isEveryAction,
  isWholeService,
  matchesPattern,
  narrowerActions,
  serviceOf,
} from './actions.ts';
import { byResource, type CloudFormationRule, eachAllowing } from './check.ts';
import { requiresRequestTags, requiresResourceTags, restrictsHolder } from './conditions.ts';
import { escalations } from './escalation-actions.ts';
import { identityPolicy } from './examples.ts';
import { isEverything, type Reach, reachOf } from './patterns.ts';

const NAMED = identityPolicy([
  'Effect: Allow',
  'Action: s3:PutObject',
  "Resource: !Sub 'arn:${AWS::Partition}:s3:::orders/*'",
]);

const allActions: CloudFormationRule = {
  id: 'cloudformation/all-actions',
  severity: 'error',
  title: 'a policy that allows every action',
  why: 'Every action includes those that grant further permissions. An attacker who takes over the workload controls the account.',
  instead: 'Name the actions that the workload calls, as in `s3:GetObject`.',
  failing: identityPolicy(['Effect: Allow', "Action: '*'", "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ kind, actions, resources }) => {
    // The policy of a bucket can only allow the actions on the bucket. Another rule is about who may call them.
    const ofOneResource = kind === 'resource' && resources.length > 0 && !resources.some(isEverything);
    return actions.some(isEveryAction) && !ofOneResource ? [{ key: 'Action', problem: 'allows every action' }] : [];
  }),
};

const serviceWidePermission: CloudFormationRule = {
  id: 'cloudformation/service-wide-permission',
  severity: 'error',
  title: 'a policy that allows every action of a service on every resource',
  why: 'The workload can read, change and delete everything in the service, including the data of other teams.',
  instead: 'Name the actions that the workload calls, and the ARNs of their resources.',
  failing: identityPolicy(['Effect: Allow', 'Action: s3:*', "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ kind, value, actions, resources }) => {
    if (kind !== 'identity' || requiresResourceTags(value.Condition)) return [];
    const reach = reachOf(resources);
    const broad = (action: string) => {
      const service = serviceOf(action);
      const ofService = reach.ofService(service);
      if (ofService.length > 0) return ofService;
      // Another rule finds privilege escalation with all resources of a type.
      return escalations(action, reach).length > 0 ? [] : reach.ofAType(service);
    };
    return byResource(actions.filter(isWholeService), broad).map(({ actions, resource }) => ({
      key: 'Action',
      problem: `allows ${actions} on ${resource}`,
    }));
  }),
};

const writeOnAnyResource: CloudFormationRule = {
  id: 'cloudformation/write-on-any-resource',
  severity: 'warning',
  title: 'a policy that allows changes to any resource',
  why: 'The action applies to every resource of the account, not only to those of this workload.',
  instead: 'Name the resources in `Resource`, or require tags on them with a `Condition` on `aws:ResourceTag`.',
  failing: identityPolicy(['Effect: Allow', 'Action: [dynamodb:PutItem, kms:Decrypt]', "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ kind, value, actions, resources }) => {
    if (kind !== 'identity' || restrictsHolder(value.Condition)) return [];
    const tagged = requiresRequestTags(value.Condition);
    const reach = reachOf(resources);
    const changing = narrowerActions(actions).filter(
      (action) =>
        changesWhatCouldBeNamed(action) && !(tagged && CREATES.test(action)) && escalations(action, reach).length === 0,
    );
    return byResource(changing, (action) => anywhere(serviceOf(action), reach)).map(({ actions, resource }) => ({
      key: 'Resource',
      problem: `allows ${actions} on ${resource}`,
    }));
  }),
};

/** Actions that create resources with the tags of the request. */
const CREATES = /:(?:create|run|copy|import|allocate|register)/i;

/** Actions that return what was stored: data and secrets. Decryption counts as a change. */
const READS_DATA = [
  'athena:GetQueryResults',
  'codecommit:GitPull',
  'dynamodb:BatchGetItem',
  'dynamodb:GetItem',
  'dynamodb:GetRecords',
  'dynamodb:PartiQLSelect',
  'dynamodb:Query',
  'dynamodb:Scan',
  'ebs:GetSnapshotBlock',
  'es:ESHttpGet',
  'glue:GetConnection',
  'glue:GetConnections',
  'kinesis:GetRecords',
  'lambda:GetFunction',
  'lambda:GetFunctionConfiguration',
  'rds-data:ExecuteStatement',
  's3:GetObject',
  's3:GetObjectVersion',
  'secretsmanager:BatchGetSecretValue',
  'secretsmanager:GetSecretValue',
  'sqs:ReceiveMessage',
  'ssm:GetParameter',
  'ssm:GetParameterHistory',
  'ssm:GetParameters',
  'ssm:GetParametersByPath',
];

const readOfAllData: CloudFormationRule = {
  id: 'cloudformation/read-of-all-data',
  severity: 'warning',
  title: 'a policy that allows reading the data or the secrets of everyone',
  why: 'An attacker who takes over the workload reads the data of other teams, and credentials for further systems.',
  instead: 'Name the secrets, parameters, buckets or tables in `Resource`: `arn:aws:s3:::orders/*`.',
  failing: identityPolicy(['Effect: Allow', 'Action: secretsmanager:GetSecretValue', "Resource: '*'"]),
  passing: identityPolicy([
    'Effect: Allow',
    'Action: secretsmanager:GetSecretValue',
    "Resource: !Sub 'arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:orders/*'",
  ]),
  check: eachAllowing(({ kind, value, actions, resources }) => {
    if (kind !== 'identity' || restrictsHolder(value.Condition)) return [];
    const reach = reachOf(resources);
    const reading = narrowerActions(actions).filter((action) =>
      READS_DATA.some((read) => matchesPattern(action, read)),
    );
    return byResource(reading, (action) => ofServiceOrType(serviceOf(action), reach)).map(({ actions, resource }) => ({
      key: 'Resource',
      problem: `allows ${actions} on ${resource}`,
    }));
  }),
};

const negatedPermission: CloudFormationRule = {
  id: 'cloudformation/negated-permission',
  severity: 'error',
  title: 'a policy that allows everything except what it names',
  why: 'An Allow with `NotAction`, `NotResource` or `NotPrincipal` also includes what AWS adds later and what was forgotten.',
  instead: 'Name what is allowed in `Action`, `Resource` and `Principal`. Use the `Not…` forms only with `Deny`.',
  failing: identityPolicy(['Effect: Allow', 'NotAction: iam:*', "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ value }) =>
    ['NotAction', 'NotResource', 'NotPrincipal']
      .filter((key) => value[key] !== undefined)
      .map((key) => ({ key, problem: `allows everything except its ${key}` })),
  ),
};

/** Returns the patterns that match all resources of a service, or of one of its types. */
function ofServiceOrType(service: string, reach: Reach): readonly string[] {
  return [...new Set([...reach.ofService(service), ...reach.ofAType(service)])];
}

/** Returns the patterns that match too much for a write. AWS's own policy for functions allows every log. */
function anywhere(service: string, reach: Reach): readonly string[] {
  return service === 'logs' ? reach.everything : ofServiceOrType(service, reach);
}

/** The rules about what a policy may allow. */
export const permissionRules = [
  allActions,
  serviceWidePermission,
  writeOnAnyResource,
  readOfAllData,
  negatedPermission,
];
