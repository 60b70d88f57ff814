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
import { METRIC_NAMESPACE } from './service-metric.ts';

/** The settings that all functions of a deployment share. */
export interface ServiceDefaults {
  encryptionKey: IKey;
  /** How long logs are kept, in days. */
  logRetention: RetentionDays;
}

export interface ServiceFunctionProps<Env extends z.ZodObject> {
  defaults: ServiceDefaults;
  description: string;
  /** The schema in the function's `env.ts`. `environment` has exactly its variables. */
  env: Env;
  environment: { [Variable in keyof z.input<Env>]: string };
  /** Files to add next to the code, by name. */
  files?: Record<string, string | Uint8Array>;
  /** Default: 10 seconds, the longest time that an API caller waits. */
  timeout?: Duration;
  /** Memory in MiB. The CPU share is proportional to it. */
  memorySize: number;
  /** Whether Lambda stops the function in a loop of messages. Default: it does. */
  recursiveLoop?: RecursiveLoop;
}

/** Scanner rules that every function breaks on purpose. */
const BROKEN_RULES = {
  CKV_AWS_115:
    'The API throttles its callers, and other events wait in a queue or the stream; reserved concurrency is the operator’s choice.',
  CKV_AWS_116:
    'A function’s dead-letter queue only receives asynchronous invocations; queues, streams and rules have their own, and the API responds.',
  CKV_AWS_117: 'The function calls AWS and configured services over TLS; a VPC would add no authorization.',
  CKV_AWS_173: 'The environment has names, URLs and numbers, but no secrets; Lambda encrypts it with an AWS owned key.',
  W3005: 'CDK makes a function depend on its role together with the role’s policy.',
};

/**
 * The Lambda function of a use case. The construct's id is the use case's folder under `lambdas/`.
 *
 * Each function has its own role, which initially may only write logs and traces.
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
      description: `Role of ${useCase}`,
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
      reason: 'X-Ray’s PutTraceSegments and PutTelemetryRecords do not support resource-level permissions.',
    });
  }
}
