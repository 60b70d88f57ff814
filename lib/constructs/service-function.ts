import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  type RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type * as z from 'zod';
import { acknowledge } from './acknowledge.ts';
import { bundle } from './bundle.ts';
import { METRIC_NAMESPACE } from './machine-metric.ts';

/** What all functions of a deployment have in common. */
export interface ServiceDefaults {
  encryptionKey: IKey;
  /** How long logs are kept, in days. */
  logRetention: RetentionDays;
}

export interface ServiceFunctionProps<Env extends z.ZodObject> {
  defaults: ServiceDefaults;
  description: string;
  /** The environment that the function's `env.ts` asks for: exactly its variables. */
  env: Env;
  environment: { [Variable in keyof z.input<Env>]: string };
  /** Files put beside the code, by name. */
  files?: Record<string, string | Uint8Array>;
  /** Default: 10 seconds, what a caller of the API may have to wait at worst. */
  timeout?: Duration;
  /** In MiB. CPU comes in proportion. */
  memorySize: number;
  /** Whether Lambda stops the function when a chain of messages calls it over and over. Default: it does. */
  recursiveLoop?: RecursiveLoop;
}

/** The rules of scanners that every function breaks on purpose. */
const BROKEN_RULES = {
  CKV_AWS_115:
    'The API throttles its callers, and all else waits in a queue or the stream; reserved concurrency is the operator’s choice.',
  CKV_AWS_116:
    'A function’s own dead-letter queue takes asynchronous invocations alone: queues, streams and rules have theirs, and the API answers.',
  CKV_AWS_117: 'It calls AWS and what the configuration names, by TLS: a VPC would add no authorization.',
  CKV_AWS_173: 'The environment has names, URLs and numbers, nothing secret; Lambda encrypts it with a key of AWS.',
  W3005: 'CDK has a function wait for its role together with the role’s policy.',
};

/**
 * A use case's Lambda function. The construct's id is the use case's folder under `lambdas/`.
 *
 * It has a role of its own, which may write its log group and its traces and nothing else until it is granted more.
 */
export class ServiceFunction<Env extends z.ZodObject> extends LambdaFunction {
  declare readonly role: Role;

  constructor(scope: Construct, useCase: string, props: ServiceFunctionProps<Env>) {
    const { encryptionKey, logRetention } = props.defaults;
    const logGroup = new LogGroup(scope, `${useCase}-logs`, {
      encryptionKey,
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${useCase}-role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${useCase} may do`,
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    super(scope, useCase, {
      code: Code.fromAsset(bundle(useCase, props.files ?? {})),
      handler: 'index.handler',
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memorySize,
      timeout: props.timeout ?? Duration.seconds(10),
      tracing: Tracing.ACTIVE,
      ...(props.recursiveLoop && { recursiveLoop: props.recursiveLoop }),
      role,
      logGroup,
      environment: {
        ...props.environment,
        POWERTOOLS_SERVICE_NAME: useCase,
        POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACE,
      },
    });
    acknowledge(this, BROKEN_RULES);
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray’s PutTraceSegments and PutTelemetryRecords have no resources to name.',
    });
  }
}
