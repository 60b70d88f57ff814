import { RegionInfo } from 'aws-cdk-lib/region-info';

/** A resource of a CloudFormation template. */
interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the properties depend on the type
  Properties?: any;
}

type Resources = Record<string, Resource>;

interface Limit {
  most: number;
  unit: 'bytes' | 'characters';
  /** The name of the limited thing in a message. */
  what(properties: Resource['Properties']): string;
  measured(properties: Resource['Properties']): unknown;
  /** The configuration key that determines the size. */
  key(properties: Resource['Properties']): string;
  advice: string;
}

/** The configuration keys that determine environment variables of functions. */
const KEY_OF_VARIABLE: Record<string, string> = {
  ISSUER: 'domain or issuer',
  KEY_ARNS: 'signing_keys',
  VERIFICATION_KEY_ARNS: 'signing_keys',
  REVOCATION_SOURCES: 'revocation_sources',
  TRUSTED_TRANSMITTERS: 'trusted_transmitters',
  RECEIVER_URL: 'security_event_receivers',
  RECEIVER_AUDIENCE: 'security_event_receivers',
};

/** The limits that a configuration can exceed, by resource type. */
const LIMITS: Record<string, Limit> = {
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
  'AWS::ApiGateway::RestApi': {
    most: 8_192,
    unit: 'bytes',
    what: () => 'the resource policy of the API',
    measured: ({ Policy }) => Policy,
    key: () => 'trusted_accounts',
    advice: 'name fewer, or their organization as trusted_organization',
  },
  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  'AWS::Lambda::Function': {
    most: 4_096,
    unit: 'bytes',
    what: ({ Environment }) => `the environment of ${Environment.Variables.POWERTOOLS_SERVICE_NAME}`,
    measured: ({ Environment }) => Environment?.Variables,
    key({ Environment }) {
      const variables = Object.entries<unknown>(Environment.Variables);
      const [[longest = ''] = []] = variables.sort(
        ([, a], [, b]) => JSON.stringify(b).length - JSON.stringify(a).length,
      );
      return KEY_OF_VARIABLE[longest] ?? longest;
    },
    advice: 'shorten it',
  },
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  'AWS::IAM::ManagedPolicy': {
    most: 6_144,
    unit: 'characters',
    what: ({ Description }) => `the managed policy “${Description}”`,
    measured: ({ PolicyDocument }) => PolicyDocument,
    key: () => 'revocation_sources',
    advice: 'name fewer',
  },
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
  'AWS::Events::Rule': {
    most: 2_048,
    unit: 'characters',
    what: ({ Description }) => `the event pattern of the rule “${Description}”`,
    measured: ({ EventPattern }) => EventPattern,
    key: () => 'revoke_on.cloudwatch_alarm',
    advice: 'name fewer',
  },
};

/**
 * Maximum number of resources in a stack. `cdk.json` disables CDK's own check.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
const MOST_RESOURCES = 500;

/**
 * Finds the parts of a template that the configuration makes larger than AWS allows. Otherwise CloudFormation would
 * fail in the middle of a deployment. Inline policies of roles are not checked, because CDK splits them.
 *
 * @param region the region of the deployment, if it is known
 * @returns a sentence per configuration key about the part that exceeds its limit most
 */
export function overAwsLimits({ Resources: resources = {} }: { Resources?: Resources }, region?: string): string[] {
  const over = Object.values(resources).flatMap(({ Type, Properties = {} }) => {
    const limit = LIMITS[Type];
    const measured = limit?.measured(Properties);
    if (limit === undefined || measured === undefined) return [];
    const { most, unit, what, key, advice } = limit;
    const size = Buffer.byteLength(JSON.stringify(filledIn(measured, resources, region)));
    if (size <= most) return [];
    const [has, allowed] = [size, most].map((one) => one.toLocaleString('en-US'));
    const long = `${what(Properties)} ${has} ${unit} long, and AWS allows ${allowed}: ${advice}`;
    return { key: key(Properties), long, by: size / most };
  });
  const resourceCount = Object.keys(resources).length;
  if (resourceCount > MOST_RESOURCES) {
    const long = `the stack ${resourceCount} resources large, and AWS allows ${MOST_RESOURCES}: name fewer`;
    over.push({ key: 'security_event_receivers', long, by: resourceCount / MOST_RESOURCES });
  }
  const nearestFirst = over.sort((a, b) => a.by - b.by);
  return [...new Map(nearestFirst.map(({ key, long }) => [key, long]))].map(([key, long]) => `${key} makes ${long}`);
}

/** The length of resource names that AWS generates without the stack's name, by resource type. */
const NAME_LENGTHS: Record<string, number> = { 'AWS::ApiGateway::RestApi': 10, 'AWS::KMS::Key': 36 };

/** Maximum length of a queue's name. Names of functions and roles are shorter. */
const LONGEST_NAME = 80;

/** Replaces each reference that only CloudFormation can resolve with a value of the same length or a little longer. */
function filledIn(value: unknown, resources: Resources, region = 'ap-southeast-1'): unknown {
  const { partition = 'aws', domainSuffix = 'amazonaws.com' } = RegionInfo.get(region);
  const account = '111122223333';
  const parameters: Record<string, string> = {
    'AWS::AccountId': account,
    'AWS::Partition': partition,
    'AWS::Region': region,
    'AWS::URLSuffix': domainSuffix,
  };
  const nameOf = (id: string) => 'n'.repeat(NAME_LENGTHS[resources[id]?.Type ?? ''] ?? LONGEST_NAME);
  const refer = (id: string) =>
    resources[id]?.Type === 'AWS::SQS::Queue'
      ? `https://sqs.${region}.${domainSuffix}/${account}/${nameOf(id)}`
      : nameOf(id);

  function fill(one: unknown): unknown {
    if (typeof one !== 'object' || one === null) return one;
    if (Array.isArray(one)) return one.map(fill);
    const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = one as Record<string, unknown>;
    if (typeof Ref === 'string') return parameters[Ref] ?? refer(Ref);
    if (Array.isArray(attribute)) return `arn:${partition}:dynamodb:${region}:${account}:table/${nameOf(attribute[0])}`;
    if (Array.isArray(join)) return (fill(join[1]) as unknown[]).join(join[0]);
    return Object.fromEntries(Object.entries(one).map(([key, part]) => [key, fill(part)]));
  }
  return fill(value);
}
