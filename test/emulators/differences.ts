import type { EmulatorName } from './not-applicable.ts';

/** Something that AWS does, and what the emulators make of it: `differences.test.ts` asks them. */
export interface Difference {
  /** What AWS does, as a sentence. */
  aws: string;
  /** AWS's page that says so, below `https://docs.aws.amazon.com/`. */
  page: string;
  /** In a word, what comes of it. */
  does: Record<'AWS' | EmulatorName, string>;
  /** What holds it up where an emulator does otherwise, or makes up for it. */
  instead?: string;
}

/** What no test asks an emulator, since it takes too long or happens too seldom. */
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
    aws: 'A method with IAM authorization refuses a request that is not signed.',
    page: 'apigateway/latest/developerguide/permissions.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'a wrong secret': {
    aws: 'A signature that was made with another secret is refused.',
    page: SIGNATURE,
    does: onlyMiniStack('refused', 'let through'),
  },
  'an unknown access key': {
    aws: 'An access key that nobody has is refused.',
    page: SIGNATURE,
    does: onlyMiniStack('refused', 'let through'),
  },
  'an old signature': {
    aws: 'A signature is refused some minutes after its date.',
    page: SIGNATURE,
    does: onlyMiniStack('refused', 'let through'),
  },
  'a wrong session token': {
    aws: 'Temporary credentials are refused without their own session token.',
    page: 'IAM/latest/UserGuide/id_credentials_temp_use-resources.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'a changed body': {
    aws: 'A body that is not the one that was signed is refused.',
    page: SIGNATURE,
    does: onlyMiniStack('refused', 'let through'),
  },
  'a changed body whose hash was sent': {
    aws: 'It is refused too where the signer sent the hash of the other as `x-amz-content-sha256`.',
    page: SIGNATURE,
    does: both('refused', 'let through'),
    instead: 'nothing here: AWS’s own check',
  },
  'a signature for another service': {
    aws: 'A signature for one service is refused by another.',
    page: SIGNATURE,
    does: both('refused', 'let through'),
    instead: 'nothing here: AWS’s own check',
  },
  'the root key with a wrong secret': {
    aws: 'An account’s root is no exception: its signatures are checked.',
    page: SIGNATURE,
    does: both('refused', 'let through'),
    instead: 'the demo’s and the tests’ callers are IAM users and roles',
  },
  'a caller of another account': {
    aws: 'A caller of another account is refused where the API’s own policy does not let it in.',
    page: 'apigateway/latest/developerguide/apigateway-authorization-flow.html',
    does: { AWS: 'refused', MiniStack: 'not found', LocalStack: 'let through' },
    instead: 'template assertions on the resource policy, and unit tests with other accounts’ ARNs',
  },
  'the user in requestContext.identity': {
    aws: 'API Gateway tells the function the ARN of who signed.',
    page: 'apigateway/latest/developerguide/api-gateway-mapping-template-reference.html',
    does: alike('told'),
    instead:
      'LocalStack by itself tells nobody: [a plugin](../../scripts/localstack/plugin/tvm_localstack/caller_identity.py) adds it',
  },
  'the address in X-Forwarded-For': {
    aws: 'API Gateway tells the function the address of the connection, whatever `X-Forwarded-For` says.',
    page: 'apigateway/latest/developerguide/api-gateway-mapping-template-reference.html',
    does: onlyLocalStack('not believed', 'believed'),
    instead: 'nothing: on MiniStack a caller chooses its address. LocalStack tells 127.0.0.1 of everybody',
  },
  'the session of a role': {
    aws: 'STS tells a session of a role its ARN, with the role and the session’s name.',
    page: 'STS/latest/APIReference/API_GetCallerIdentity.html',
    does: alike('told'),
  },
  'a user without permission': {
    aws: 'What no policy allows is refused.',
    page: 'IAM/latest/UserGuide/reference_policies_evaluation-logic.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'the deny of a role': {
    aws: 'A deny in a role’s policy stands above what it is allowed.',
    page: 'IAM/latest/UserGuide/reference_policies_evaluation-logic.html',
    does: alike('refused'),
    instead:
      'LocalStack by itself heeds none: [a plugin](../../scripts/localstack/plugin/tvm_localstack/explicit_denials.py) does, of inline policies',
  },
  'the deny of a role for some resources': {
    aws: 'So does a deny that is for some resources alone.',
    page: 'IAM/latest/UserGuide/reference_policies_evaluation-logic.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'a session policy': {
    aws: 'A session may do no more than its session policy allows.',
    page: POLICIES,
    does: onlyMiniStack('refused', 'let through'),
  },
  'a session of 60 seconds': {
    aws: 'A session lasts 900 seconds at least: a shorter one is refused.',
    page: 'STS/latest/APIReference/API_AssumeRole.html',
    does: both('refused', 'let through'),
    instead: 'nothing here asks for less',
  },
  'the policy of a key': {
    aws: 'A deny in a KMS key’s own policy stands above what IAM allows.',
    page: 'kms/latest/developerguide/key-policies.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'the policy of a bucket': {
    aws: 'A deny in a bucket’s own policy stands above what IAM allows.',
    page: 'AmazonS3/latest/userguide/bucket-policies.html',
    does: onlyMiniStack('refused', 'let through'),
  },
  'the policy of a bus': {
    aws: 'A deny in a bus’s own policy stands above what IAM allows.',
    page: 'eventbridge/latest/userguide/eb-use-resource-based.html',
    does: both('refused', 'let through'),
    instead: assertions,
  },
  'events:source': {
    aws: 'EventBridge states `events:source` to IAM: a permission for some sources is none for others.',
    page: 'eventbridge/latest/userguide/eb-event-bus-perms.html',
    does: both('refused', 'let through'),
    instead: assertions,
  },
  'dynamodb:LeadingKeys': {
    aws: 'DynamoDB states `dynamodb:LeadingKeys` to IAM: a permission for some items is none for others.',
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
    aws: 'CloudFormation makes a dashboard.',
    page: 'AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-dashboard.html',
    does: onlyMiniStack('kept', 'dropped'),
    instead: 'template assertions in [test/infra/watch.test.ts](../../test/infra/watch.test.ts)',
  },
  'an archive of events in a template': {
    aws: 'CloudFormation makes an archive of a bus’s events.',
    page: 'AWSCloudFormation/latest/TemplateReference/aws-resource-events-archive.html',
    does: onlyLocalStack('made', 'fails'),
    instead: 'no template here has one',
  },
  'what a failing function says': {
    aws: 'API Gateway answers 502 where a function fails, and says nothing of why.',
    page: 'lambda/latest/dg/services-apigateway-errors.html',
    does: onlyLocalStack('hidden', 'shown'),
    instead: 'handlers catch what they throw, and answer with a request id',
  },
  'the log group of a function': {
    aws: 'A function logs to the log group that it was given.',
    page: 'lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html',
    does: onlyMiniStack('heeded', 'not heeded'),
    instead: 'its logs are in the group of the function’s name',
  },
  'an event of AWS’s own': {
    aws: 'The source of an event of one’s own may not begin with `aws.`.',
    page: 'eventbridge/latest/userguide/eb-events.html',
    does: onlyMiniStack('refused', 'let through'),
    instead:
      'the local stage takes `local.aws.*`; TestEventPattern checks the real patterns with the documented events',
  },
  'the URL of a queue': {
    aws: 'The URL of a queue names where it is reached.',
    page: 'AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html',
    does: alike('reached'),
    instead: 'LocalStack is told to name no host of its own making, which would not be resolved',
  },
  'an object that is there': {
    aws: 'S3 refuses to put an object that is there, if asked to with `If-None-Match: *`.',
    page: 'AmazonS3/latest/userguide/conditional-writes.html',
    does: alike('refused'),
  },
  'a locked object': {
    aws: 'S3 refuses to remove a version of an object that Object Lock retains.',
    page: 'AmazonS3/latest/userguide/object-lock.html',
    does: alike('refused'),
  },
  'the signature of a digest': {
    aws: 'What KMS signs of a digest is verified with the public key that it gives.',
    page: 'kms/latest/APIReference/API_Sign.html',
    does: alike('verified'),
  },
  'a code of KMS': {
    aws: 'KMS makes codes of authentication (HMAC), and refuses one of another message.',
    page: 'kms/latest/APIReference/API_VerifyMac.html',
    does: alike('verified'),
  },
} satisfies Record<string, Difference>;

const QUERIES = 'amazondynamodb/latest/APIReference/API_Query.html';
const LIMITS = 'amazondynamodb/latest/developerguide/Constraints.html';
const NUMBERS = 'amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html';
const TRANSACTIONS = 'amazondynamodb/latest/APIReference/API_TransactWriteItems.html';
/** What its pages do not say, and its engine for development does. */
const ENGINE = 'amazondynamodb/latest/developerguide/DynamoDBLocal.html';

const dynamodb = {
  'a reserved word': {
    aws: 'An expression with a reserved word as a name is refused.',
    page: 'amazondynamodb/latest/developerguide/ReservedWords.html',
    does: alike('refused'),
  },
  'one attribute changed twice': {
    aws: 'AWS’s engine for development refuses an update that changes an attribute twice.',
    page: ENGINE,
    does: onlyLocalStack('refused', 'let through'),
  },
  'a clause that comes twice': {
    aws: 'An update is refused in which a clause, like `SET`, comes twice.',
    page: 'amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html',
    does: onlyLocalStack('refused', 'let through'),
  },
  'an attribute that an index does not hold': {
    aws: 'A query of a global secondary index may ask for no attribute that the index does not hold.',
    page: QUERIES,
    does: onlyLocalStack('refused', 'let through'),
    instead: '[test/emulators/dynamodb.test.ts](../../test/emulators/dynamodb.test.ts)',
  },
  'all attributes of an index that does not hold them': {
    aws: 'Nor for all attributes, if the index does not hold all.',
    page: QUERIES,
    does: onlyLocalStack('refused', 'let through'),
  },
  'a filter on what an index does not hold': {
    aws: 'AWS’s engine for development refuses to filter by one as well.',
    page: ENGINE,
    does: onlyLocalStack('refused', 'let through'),
    instead: '[test/emulators/dynamodb.test.ts](../../test/emulators/dynamodb.test.ts)',
  },
  'a consistent read of an index': {
    aws: 'A global secondary index is not read with strong consistency: whoever asks for it is refused.',
    page: 'amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html',
    does: alike('refused'),
  },
  'a filter on a key': {
    aws: 'A query may not filter by an attribute of the key.',
    page: QUERIES,
    does: onlyLocalStack('refused', 'let through'),
  },
  'a filter of more than 300 operators': {
    aws: 'An expression has 300 operators at most.',
    page: LIMITS,
    does: onlyLocalStack('refused', 'let through'),
  },
  'more than 100 values of IN': {
    aws: '`IN` takes 100 values at most.',
    page: LIMITS,
    does: onlyLocalStack('refused', 'let through'),
  },
  'BETWEEN of two types': {
    aws: '`BETWEEN` takes two values of one type.',
    page: 'amazondynamodb/latest/APIReference/API_Condition.html',
    does: onlyLocalStack('refused', 'let through'),
  },
  'another comparison of keys': {
    aws: 'A condition on keys compares with `=`, `<`, `<=`, `>`, `>=`, `BETWEEN` and `begins_with`; `<>` is refused.',
    page: 'amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html',
    does: onlyLocalStack('refused', 'let through'),
  },
  'a sum of 38 digits': {
    aws: 'Numbers are exact to 38 digits, sums too.',
    page: NUMBERS,
    does: onlyLocalStack('exact', 'rounded'),
    instead: 'no number here has that many digits',
  },
  'a sum of 39 digits': {
    aws: 'A sum with more digits is refused.',
    page: NUMBERS,
    does: onlyLocalStack('refused', 'let through'),
    instead: 'no number here has that many digits',
  },
  'an item of more than 400 KB': {
    aws: 'An item has 400 KB at most.',
    page: LIMITS,
    does: alike('refused'),
  },
  'a transaction of more than 100 items': {
    aws: 'A transaction has 100 items at most.',
    page: TRANSACTIONS,
    does: alike('refused'),
  },
  'one item twice in a transaction': {
    aws: 'A transaction is refused that has an item twice.',
    page: TRANSACTIONS,
    does: alike('refused'),
  },
  'one token for two transactions': {
    aws: 'A transaction is refused whose client token was another’s.',
    page: TRANSACTIONS,
    does: alike('refused'),
  },
  'the reasons of a cancelled transaction': {
    aws: 'A cancelled transaction writes nothing, and tells for each item why.',
    page: TRANSACTIONS,
    does: alike('told, and nothing written'),
  },
  'an impossible update in a transaction': {
    aws: 'An update that its item makes impossible cancels the transaction, and is told as its item’s reason.',
    page: TRANSACTIONS,
    does: onlyMiniStack('cancelled', 'refused'),
    instead: 'transactions here put items and update none',
  },
  'a page of a filtered query': {
    aws: 'A page is counted before it is filtered: it may be empty, and there is more.',
    page: QUERIES,
    does: alike('empty'),
  },
  'a write that changes nothing': {
    aws: 'A write that changes nothing leaves no record in the stream.',
    page: 'amazondynamodb/latest/developerguide/Streams.html',
    does: alike('no record'),
  },
  'the size of a stream’s record': {
    aws: 'A record of a stream tells its size in bytes.',
    page: 'amazondynamodb/latest/APIReference/API_streams_StreamRecord.html',
    does: onlyLocalStack('told', 'not told'),
    instead: 'nothing here reads it',
  },
} satisfies Record<string, Difference>;

export type CallerDifference = keyof typeof callers;
export type ServiceDifference = keyof typeof services;
export type DynamoDifference = keyof typeof dynamodb;
export type DifferenceName = CallerDifference | ServiceDifference | DynamoDifference;

/** All of them, by what they are about. */
export const differences = {
  'Who asks, and what they may': callers,
  Services: services,
  DynamoDB: dynamodb,
} satisfies Record<string, Record<string, Difference>>;

export const notProbed: NotProbed[] = [
  {
    aws: 'What is past its time to live is deleted within days, and the stream tells that the service did it.',
    page: 'amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html',
    does: {
      MiniStack: 'deleted within a minute; the stream does not tell',
      LocalStack: 'deleted when `DELETE /_aws/dynamodb/expired` asks for it; the stream does not tell',
    },
    instead: 'nothing here means anything by an item’s being deleted: a sweep notes what has expired',
  },
  {
    aws: 'Of two transactions, or a write and a transaction, on one item at the same time, one is cancelled for a conflict.',
    page: 'amazondynamodb/latest/developerguide/transaction-apis.html',
    does: { MiniStack: 'one after the other', LocalStack: 'one after the other' },
    instead:
      'unit tests with the answers that AWS documents, in ' +
      '[test/unit/lambdas/subject-statuses.test.ts](../../test/unit/lambdas/subject-statuses.test.ts)',
  },
  {
    aws: 'Of the order of events on a bus its pages promise nothing.',
    page: 'eventbridge/latest/userguide/eb-what-is.html',
    does: { MiniStack: 'in the order in which they were put', LocalStack: 'in any order, even of one call' },
    instead: 'nobody here relies on it: an event tells its time',
  },
  {
    aws: 'A record of a stream tells when it was written, to the second.',
    page: 'amazondynamodb/latest/APIReference/API_streams_StreamRecord.html',
    does: { MiniStack: 'to the second', LocalStack: 'to the minute' },
    instead: 'nothing here means anything by it but the names of the archive’s objects',
  },
  {
    aws: 'The resource policy of a function refuses whom it denies, whatever their IAM policies allow.',
    page: 'lambda/latest/dg/access-control-resource-based.html',
    does: {
      MiniStack: 'does not know `AWS::Lambda::ResourcePolicy`: whoever may invoke functions may invoke each',
      LocalStack: 'is older than it',
    },
    instead: 'template assertions in [test/infra/invocation.test.ts](../../test/infra/invocation.test.ts)',
  },
  {
    aws: 'Whoever calls speaks TLS.',
    page: 'apigateway/latest/developerguide/infrastructure-security.html',
    does: { MiniStack: 'plain HTTP', LocalStack: 'plain HTTP, as it is run here' },
    instead: 'template assertions on TLS in [test/infra/stack.test.ts](../../test/infra/stack.test.ts)',
  },
];
