import type { EmulatorName } from './not-applicable.ts';

/** A behaviour of AWS, with what the emulators do instead. `differences.test.ts` checks each on the emulator. */
export interface Difference {
  /** The behaviour of AWS, as a sentence. */
  aws: string;
  /** AWS's page about it, below `https://docs.aws.amazon.com/`. */
  page: string;
  /** The result, in a word or a few. */
  does: Record<'AWS' | EmulatorName, string>;
  /** What covers the difference where an emulator differs, or corrects it. */
  instead?: string;
}

/** A behaviour that no test checks on an emulator, because it takes too long or is too rare. */
export type NotProbed = Omit<Difference, 'does'> & { does: Record<EmulatorName, string> };

const both = (AWS: string, emulators: string) => ({ AWS, MiniStack: emulators, LocalStack: emulators });
const onlyMiniStack = (AWS: string, LocalStack: string) => ({ AWS, MiniStack: AWS, LocalStack });
const onlyLocalStack = (AWS: string, MiniStack: string) => ({ AWS, MiniStack, LocalStack: AWS });
const alike = (AWS: string) => both(AWS, AWS);

const SIGNATURE = 'IAM/latest/UserGuide/reference_sigv.html';
const POLICIES = 'IAM/latest/UserGuide/access_policies.html';
const assertions =
  'template assertions in [test/infra/least-privilege.test.ts](../../test/infra/least-privilege.test.ts)';

const callers = {
  'no signature': {
    aws: 'A method with IAM authorization rejects an unsigned request.',
    page: 'apigateway/latest/developerguide/permissions.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'a wrong secret': {
    aws: 'A signature with a wrong secret is rejected.',
    page: SIGNATURE,
    does: onlyMiniStack('refused', 'let through'),
  },
  'an unknown access key': {
    aws: 'An unknown access key is rejected.',
    page: SIGNATURE,
    does: onlyMiniStack('refused', 'let through'),
  },
  'an old signature': {
    aws: 'A signature is rejected some minutes after its date.',
    page: SIGNATURE,
    does: onlyMiniStack('refused', 'let through'),
  },
  'a wrong session token': {
    aws: 'Temporary credentials are rejected without their own session token.',
    page: 'IAM/latest/UserGuide/id_credentials_temp_use-resources.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'a changed body': {
    aws: 'A request is rejected if its body is not the signed body.',
    page: SIGNATURE,
    does: onlyMiniStack('refused', 'let through'),
  },
  'a changed body whose hash was sent': {
    aws: 'Such a request is also rejected if its `x-amz-content-sha256` header has the hash of the signed body.',
    page: SIGNATURE,
    does: both('refused', 'let through'),
    instead: 'nothing: AWS itself checks this',
  },
  'a signature for another service': {
    aws: 'A service rejects a signature for another service.',
    page: SIGNATURE,
    does: both('refused', 'let through'),
    instead: 'nothing: AWS itself checks this',
  },
  'the root key with a wrong secret': {
    aws: 'The signatures of an account’s root user are checked too.',
    page: SIGNATURE,
    does: both('refused', 'let through'),
    instead: 'the callers in the demonstration and the tests are IAM users and roles',
  },
  'a caller of another account': {
    aws: 'A caller from another account is rejected unless the API’s resource policy allows it.',
    page: 'apigateway/latest/developerguide/apigateway-authorization-flow.html',
    does: { AWS: 'refused', MiniStack: 'not found', LocalStack: 'let through' },
    instead: 'template assertions on the resource policy, and unit tests with other accounts’ ARNs',
  },
  'the user in requestContext.identity': {
    aws: 'API Gateway passes the signer’s ARN to the function.',
    page: 'apigateway/latest/developerguide/api-gateway-mapping-template-reference.html',
    does: alike('passed'),
    instead:
      'LocalStack itself passes no ARN: [a plugin](../../scripts/localstack/plugin/tvm_localstack/caller_identity.py) adds it',
  },
  'the address in X-Forwarded-For': {
    aws: 'API Gateway passes the connection’s address to the function, whatever `X-Forwarded-For` says.',
    page: 'apigateway/latest/developerguide/api-gateway-mapping-template-reference.html',
    does: onlyLocalStack('ignored', 'trusted'),
    instead: 'nothing: on MiniStack a caller can choose its address. LocalStack passes 127.0.0.1 for every caller',
  },
  'the session of a role': {
    aws: 'STS returns a role session’s ARN, with the names of the role and the session.',
    page: 'STS/latest/APIReference/API_GetCallerIdentity.html',
    does: alike('returned'),
  },
  'a user without permission': {
    aws: 'An action that no policy allows is denied.',
    page: 'IAM/latest/UserGuide/reference_policies_evaluation-logic.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'the deny of a role': {
    aws: 'A deny in a role’s policy overrides every allow.',
    page: 'IAM/latest/UserGuide/reference_policies_evaluation-logic.html',
    does: alike('refused'),
    instead:
      'LocalStack itself ignores policies: [a plugin](../../scripts/localstack/plugin/tvm_localstack/explicit_denials.py) enforces denials in inline policies',
  },
  'the deny of a role for some resources': {
    aws: 'So does a deny for specific resources.',
    page: 'IAM/latest/UserGuide/reference_policies_evaluation-logic.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'a session policy': {
    aws: 'A session may do no more than its session policy allows.',
    page: POLICIES,
    does: onlyMiniStack('refused', 'let through'),
  },
  'a session of 60 seconds': {
    aws: 'A session lasts at least 900 seconds: a request for a shorter one is rejected.',
    page: 'STS/latest/APIReference/API_AssumeRole.html',
    does: both('refused', 'let through'),
    instead: 'nothing here requests less',
  },
  'the policy of a key': {
    aws: 'A deny in a KMS key’s policy overrides what IAM policies allow.',
    page: 'kms/latest/developerguide/key-policies.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'the policy of a bucket': {
    aws: 'A deny in a bucket’s policy overrides what IAM policies allow.',
    page: 'AmazonS3/latest/userguide/bucket-policies.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'the policy of a bus': {
    aws: 'A deny in a bus’s policy overrides what IAM policies allow.',
    page: 'eventbridge/latest/userguide/eb-use-resource-based.html',
    does: both('refused', 'let through'),
    instead: assertions,
  },
  'events:source': {
    aws: 'EventBridge supports the condition key `events:source`: a permission can be limited to some sources.',
    page: 'eventbridge/latest/userguide/eb-event-bus-perms.html',
    does: both('refused', 'let through'),
    instead: assertions,
  },
  'dynamodb:LeadingKeys': {
    aws: 'DynamoDB supports the condition key `dynamodb:LeadingKeys`: a permission can be limited to some items.',
    page: 'amazondynamodb/latest/developerguide/specifying-conditions.html',
    does: both('refused', 'let through'),
    instead: assertions,
  },
} satisfies Record<string, Difference>;

const services = {
  'time to live in a template': {
    aws: 'CloudFormation sets a table’s time to live.',
    page: 'AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html',
    does: onlyLocalStack('kept', 'dropped'),
    instead:
      '[scripts/local/ministack-bridges.ts](../../scripts/local/ministack-bridges.ts) sets it; template assertions',
  },
  'point-in-time recovery in a template': {
    aws: 'CloudFormation sets a table’s point-in-time recovery.',
    page: 'AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html',
    does: both('kept', 'dropped'),
    instead: 'template assertions in [test/infra/stack.test.ts](../../test/infra/stack.test.ts)',
  },
  'Object Lock in a template': {
    aws: 'CloudFormation sets a bucket’s Object Lock.',
    page: 'AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html',
    does: onlyLocalStack('kept', 'dropped'),
    instead:
      '[scripts/local/ministack-bridges.ts](../../scripts/local/ministack-bridges.ts) sets it; template assertions',
  },
  'a dashboard in a template': {
    aws: 'CloudFormation creates a dashboard.',
    page: 'AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-dashboard.html',
    does: onlyMiniStack('kept', 'dropped'),
    instead: 'template assertions in [test/infra/watch.test.ts](../../test/infra/watch.test.ts)',
  },
  'an archive of events in a template': {
    aws: 'CloudFormation creates an archive of a bus’s events.',
    page: 'AWSCloudFormation/latest/TemplateReference/aws-resource-events-archive.html',
    does: onlyLocalStack('created', 'fails'),
    instead: 'no template here has one',
  },
  'what a failing function says': {
    aws: 'API Gateway returns 502 if a function fails, without the reason.',
    page: 'lambda/latest/dg/services-apigateway-errors.html',
    does: onlyLocalStack('hidden', 'shown'),
    instead: 'handlers catch all errors and respond with a request ID',
  },
  'the log group of a function': {
    aws: 'A function logs to its configured log group.',
    page: 'lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html',
    does: onlyMiniStack('used', 'ignored'),
    instead: 'the logs are in the group with the function’s name',
  },
  'an event of AWS’s own': {
    aws: 'The source of a custom event may not begin with `aws.`.',
    page: 'eventbridge/latest/userguide/eb-events.html',
    does: onlyMiniStack('refused', 'let through'),
    instead:
      'the local stage accepts `local.aws.*`; TestEventPattern checks the real patterns with the documented events',
  },
  'the URL of a queue': {
    aws: 'The URL of a queue is its address.',
    page: 'AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html',
    does: alike('reachable'),
    instead: 'LocalStack is configured not to use its own host names, which would not resolve',
  },
  'an object that is there': {
    aws: 'S3 rejects a write of an existing object if the request has `If-None-Match: *`.',
    page: 'AmazonS3/latest/userguide/conditional-writes.html',
    does: alike('refused'),
  },
  'a locked object': {
    aws: 'S3 rejects the deletion of an object version that Object Lock retains.',
    page: 'AmazonS3/latest/userguide/object-lock.html',
    does: alike('refused'),
  },
  'the signature of a digest': {
    aws: 'A signature that KMS makes of a digest is valid under the public key that KMS returns.',
    page: 'kms/latest/APIReference/API_Sign.html',
    does: alike('verified'),
  },
  'a code of KMS': {
    aws: 'KMS generates MACs (HMAC), and rejects the MAC of another message.',
    page: 'kms/latest/APIReference/API_VerifyMac.html',
    does: alike('verified'),
  },
} satisfies Record<string, Difference>;

const QUERIES = 'amazondynamodb/latest/APIReference/API_Query.html';
const LIMITS = 'amazondynamodb/latest/developerguide/Constraints.html';
const NUMBERS = 'amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html';
const TRANSACTIONS = 'amazondynamodb/latest/APIReference/API_TransactWriteItems.html';
/** The page for behaviour of AWS's engine for development that AWS's other pages do not document. */
const ENGINE = 'amazondynamodb/latest/developerguide/DynamoDBLocal.html';

const dynamodb = {
  'a reserved word': {
    aws: 'An expression with a reserved word as a name is rejected.',
    page: 'amazondynamodb/latest/developerguide/ReservedWords.html',
    does: alike('refused'),
  },
  'one attribute changed twice': {
    aws: 'AWS’s engine for development rejects an update that changes an attribute twice.',
    page: ENGINE,
    does: onlyLocalStack('refused', 'let through'),
  },
  'a clause that comes twice': {
    aws: 'An update with a duplicate clause, like a second `SET`, is rejected.',
    page: 'amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html',
    does: onlyLocalStack('refused', 'let through'),
  },
  'an attribute that an index does not hold': {
    aws: 'A query of a global secondary index can return only attributes that are projected into the index.',
    page: QUERIES,
    does: onlyLocalStack('refused', 'let through'),
    instead: '[test/emulators/dynamodb.test.ts](../../test/emulators/dynamodb.test.ts)',
  },
  'all attributes of an index that does not hold them': {
    aws: 'Such a query cannot return all attributes unless all are projected.',
    page: QUERIES,
    does: onlyLocalStack('refused', 'let through'),
  },
  'a filter on what an index does not hold': {
    aws: 'AWS’s engine for development also rejects a filter by an attribute that is not projected.',
    page: ENGINE,
    does: onlyLocalStack('refused', 'let through'),
    instead: '[test/emulators/dynamodb.test.ts](../../test/emulators/dynamodb.test.ts)',
  },
  'a consistent read of an index': {
    aws: 'A global secondary index has no strongly consistent reads: a request for one is rejected.',
    page: 'amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html',
    does: alike('refused'),
  },
  'a filter on a key': {
    aws: 'A query cannot filter by a key attribute.',
    page: QUERIES,
    does: onlyLocalStack('refused', 'let through'),
  },
  'a filter of more than 300 operators': {
    aws: 'An expression has at most 300 operators.',
    page: LIMITS,
    does: onlyLocalStack('refused', 'let through'),
  },
  'more than 100 values of IN': {
    aws: '`IN` accepts at most 100 values.',
    page: LIMITS,
    does: onlyLocalStack('refused', 'let through'),
  },
  'BETWEEN of two types': {
    aws: '`BETWEEN` accepts two values of the same type.',
    page: 'amazondynamodb/latest/APIReference/API_Condition.html',
    does: onlyLocalStack('refused', 'let through'),
  },
  'another comparison of keys': {
    aws: 'A key condition compares with `=`, `<`, `<=`, `>`, `>=`, `BETWEEN` and `begins_with`; `<>` is rejected.',
    page: 'amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html',
    does: onlyLocalStack('refused', 'let through'),
  },
  'a sum of 38 digits': {
    aws: 'Numbers and sums are exact to 38 digits.',
    page: NUMBERS,
    does: onlyLocalStack('exact', 'rounded'),
    instead: 'no number here has that many digits',
  },
  'a sum of 39 digits': {
    aws: 'A sum with more digits is rejected.',
    page: NUMBERS,
    does: onlyLocalStack('refused', 'let through'),
    instead: 'no number here has that many digits',
  },
  'an item of more than 400 KB': {
    aws: 'An item has at most 400 KB.',
    page: LIMITS,
    does: alike('refused'),
  },
  'a transaction of more than 100 items': {
    aws: 'A transaction has at most 100 items.',
    page: TRANSACTIONS,
    does: alike('refused'),
  },
  'one item twice in a transaction': {
    aws: 'A transaction with a duplicate item is rejected.',
    page: TRANSACTIONS,
    does: alike('refused'),
  },
  'one token for two transactions': {
    aws: 'A transaction with the client token of another transaction is rejected.',
    page: TRANSACTIONS,
    does: alike('refused'),
  },
  'the reasons of a cancelled transaction': {
    aws: 'A cancelled transaction writes nothing, and returns the reason for each item.',
    page: TRANSACTIONS,
    does: alike('returned, and nothing written'),
  },
  'an impossible update in a transaction': {
    aws: 'An update that is impossible for its item cancels the transaction, and the item’s reason says so.',
    page: TRANSACTIONS,
    does: onlyMiniStack('cancelled', 'refused'),
    instead: 'transactions here only put items',
  },
  'a page of a filtered query': {
    aws: 'The page size is applied before the filter: a page may be empty although more pages follow.',
    page: QUERIES,
    does: alike('empty'),
  },
  'a write that changes nothing': {
    aws: 'A write that changes nothing leaves no record in the stream.',
    page: 'amazondynamodb/latest/developerguide/Streams.html',
    does: alike('no record'),
  },
  'the size of a stream’s record': {
    aws: 'A stream record has its size in bytes.',
    page: 'amazondynamodb/latest/APIReference/API_streams_StreamRecord.html',
    does: onlyLocalStack('present', 'missing'),
    instead: 'nothing here reads it',
  },
} satisfies Record<string, Difference>;

export type CallerDifference = keyof typeof callers;
export type ServiceDifference = keyof typeof services;
export type DynamoDifference = keyof typeof dynamodb;
export type DifferenceName = CallerDifference | ServiceDifference | DynamoDifference;

/** All differences, by topic. */
export const differences = {
  'Callers and permissions': callers,
  Services: services,
  DynamoDB: dynamodb,
} satisfies Record<string, Record<string, Difference>>;

export const notProbed: NotProbed[] = [
  {
    aws: 'An item past its time to live is deleted within days, and the stream record says that the service deleted it.',
    page: 'amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html',
    does: {
      MiniStack: 'deleted within a minute; the stream record does not say so',
      LocalStack: 'deleted on `DELETE /_aws/dynamodb/expired`; the stream record does not say so',
    },
    instead: 'nothing here depends on the deletion of an item: a sweep marks expired tokens',
  },
  {
    aws: 'If two transactions, or a write and a transaction, change an item at the same time, one is cancelled for a conflict.',
    page: 'amazondynamodb/latest/developerguide/transaction-apis.html',
    does: { MiniStack: 'one after the other', LocalStack: 'one after the other' },
    instead:
      'unit tests with the responses that AWS documents, in ' +
      '[test/unit/lambdas/subject-statuses.test.ts](../../test/unit/lambdas/subject-statuses.test.ts)',
  },
  {
    aws: 'The order of events on a bus is not guaranteed.',
    page: 'eventbridge/latest/userguide/eb-what-is.html',
    does: { MiniStack: 'in the order in which they were put', LocalStack: 'in any order, even of one call' },
    instead: 'nothing here relies on the order: an event has a time',
  },
  {
    aws: 'A stream record has its write time, to the second.',
    page: 'amazondynamodb/latest/APIReference/API_streams_StreamRecord.html',
    does: { MiniStack: 'to the second', LocalStack: 'to the minute' },
    instead: 'only the names of the archive’s objects depend on it',
  },
  {
    aws: 'A function’s resource policy can deny callers, whatever their IAM policies allow.',
    page: 'lambda/latest/dg/access-control-resource-based.html',
    does: {
      MiniStack: 'does not support `AWS::Lambda::ResourcePolicy`: a caller that may invoke functions may invoke any',
      LocalStack: 'older than this feature',
    },
    instead: 'template assertions in [test/infra/invocation.test.ts](../../test/infra/invocation.test.ts)',
  },
  {
    aws: 'Every caller must use TLS.',
    page: 'apigateway/latest/developerguide/infrastructure-security.html',
    does: { MiniStack: 'plain HTTP', LocalStack: 'plain HTTP, as configured here' },
    instead: 'template assertions on TLS in [test/infra/stack.test.ts](../../test/infra/stack.test.ts)',
  },
];
