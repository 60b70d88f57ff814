import { type Duration, RemovalPolicy, Stack, Tags, Validations } from 'aws-cdk-lib';
import {
  AccessLogField,
  AccessLogFormat,
  type Method as ApiMethod,
  AuthorizationType,
  AwsIntegration,
  type CfnRestApi,
  type DomainNameOptions,
  EndpointAccessMode,
  EndpointType,
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  ResponseType,
  RestApi,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Config } from '../config/config.ts';
import { acknowledge } from './acknowledge.ts';
import { invokedOnlyBy } from './invoked-by-api.ts';
import { callersFromOtherAccounts } from './other-accounts.ts';
import type { ServiceDefaults } from './service-function.ts';

/** The API's stage. A literal, because functions that the API depends on need it in the issuer. */
const STAGE = 'v1';

/**
 * TLS 1.2 or later with forward secrecy, and hybrid post-quantum key exchange with clients that support it. The default
 * of REST APIs allows TLS 1.0.
 */
const TLS_POLICY = 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09';

/** The kinds of callers. Each kind has a managed policy. */
export type CallerKind = 'workload' | 'resource-server' | 'operator' | 'security-event-receiver';

type Method = 'GET' | 'POST' | 'HEAD' | 'OPTIONS';

/** The methods and paths that each kind of caller may call. */
export const CALLER_PATHS: Record<CallerKind, readonly `${Method} /${string}`[]> = {
  workload: ['POST /token', 'POST /explain', 'POST /revoke'],
  'resource-server': ['POST /introspect', 'POST /uses'],
  operator: [
    'GET /tokens',
    'GET /tokens/*',
    'POST /revocations',
    'GET /revocations/*',
    'POST /blocks/lift',
    'POST /explain/any',
  ],
  // These paths only exist if the configuration has receivers for them.
  'security-event-receiver': [
    'POST /security-events/poll',
    'GET /security-events/streams',
    'GET /security-events/status',
    'POST /security-events/verification',
  ],
};

/** The open path on which a proof of another issuer gets a token. */
export const FEDERATION_PATH = '/federation/token';

export interface TokenApiProps {
  config: Config;
  defaults: ServiceDefaults;
  /** Whether the policies have trust entries. */
  federated: boolean;
}

/** The REST API. Callers' paths require signed requests; `/.well-known` and a few other paths are public. */
export class TokenApi extends Construct {
  /**
   * The `iss` of tokens: the configured issuer, the custom domain, or the API's own URL. Never taken from a request.
   */
  readonly issuer: string;
  readonly restApiId: string;
  /** The host name to which the DNS record of the custom domain must point, if there is a custom domain. */
  readonly domainTarget: string | undefined;
  private readonly api: RestApi;
  /** The ARNs of the methods that invoke each function. */
  private readonly methodArns = new Map<IFunction, string[]>();
  /** False for emulators, which do not support the resource type of {@link invokedOnlyBy}. */
  private readonly limitInvocation: boolean;

  constructor(scope: Construct, id: string, { config, defaults, federated }: TokenApiProps) {
    super(scope, id);
    const { region, urlSuffix } = Stack.of(this);
    this.limitInvocation = config.emulator === undefined;
    const openPosts = [
      ...(config.trusted_transmitters.length > 0 ? ['/security-events'] : []),
      ...(federated ? [FEDERATION_PATH] : []),
    ];
    const policy = callersFromOtherAccounts(config, STAGE, CALLER_PATHS.workload, openPosts);
    this.api = new RestApi(this, 'api', {
      description: 'Token vending machine',
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: true,
      // The role is set for the whole account, and other APIs may use it, so it outlives this stack. It is retained
      // even if the first deployment fails, because the account's settings refer to it by then.
      cloudWatchRoleRemovalPolicy: config.data_protection ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...(policy && { policy }),
      ...(config.domain && { domainName: this.domain(config.domain) }),
      disableExecuteApiEndpoint: config.domain !== undefined,
      deployOptions: {
        stageName: STAGE,
        ...OBSERVED,
        throttlingRateLimit: config.throttle.rate,
        throttlingBurstLimit: config.throttle.burst,
        methodOptions: Object.fromEntries(openPosts.map((path) => [`${path}/POST`, UNSIGNED])),
        tracingEnabled: true,
        accessLogDestination: new LogGroupLogDestination(
          new LogGroup(this, 'access-logs', {
            encryptionKey: defaults.encryptionKey,
            retention: defaults.logRetention,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        accessLogFormat: ACCESS_LOG,
      },
    });
    const cfnApi = this.api.node.defaultChild as CfnRestApi;
    cfnApi.securityPolicy = TLS_POLICY;
    cfnApi.endpointAccessMode = 'STRICT';
    if (config.emulator) {
      // The tags of MiniStack and LocalStack.
      for (const tag of ['ms-custom-id', '_custom_id_']) Tags.of(cfnApi).add(tag, config.emulator.api_id);
    }

    this.restApiId = this.api.restApiId;
    this.keepExecutionLogs(defaults);
    this.issuer =
      config.issuer ??
      (config.domain
        ? `https://${config.domain.name}`
        : `https://${this.api.restApiId}.execute-api.${region}.${urlSuffix}/${STAGE}`);
    this.domainTarget = this.api.domainName?.domainNameAliasDomainName;
    this.formatGatewayErrors();
    this.acknowledgeRules();
  }

  /** Adds a method with IAM authorization: callers sign their requests. */
  signed(path: string, handler: IFunction, method: Method = 'POST'): void {
    this.method(path, handler, method, AuthorizationType.IAM);
  }

  /** Adds a method without authorization. */
  open(path: string, handler: IFunction, method: Method = 'GET'): void {
    acknowledge(this.method(path, handler, method, AuthorizationType.NONE), {
      CKV_AWS_59:
        'Public keys, metadata and status lists are public; security events and proofs are authenticated by their signature.',
    });
  }

  /** Adds a public document with the methods that `openHandler` supports: GET, HEAD and, for CORS, OPTIONS. */
  openDocument(path: string, handler: IFunction): void {
    for (const method of ['GET', 'HEAD', 'OPTIONS'] as const) this.open(path, handler, method);
  }

  /** API Gateway's metric of responses with a 5xx status. */
  serverErrors(period: Duration): Metric {
    return this.api.deploymentStage.metricServerError({ statistic: Stats.SUM, period });
  }

  /** API Gateway's metric of the response time, in milliseconds. */
  latency(statistic: string, period: Duration): Metric {
    return this.api.deploymentStage.metricLatency({ label: `API ${statistic}`, statistic, period });
  }

  /** Creates a managed policy that allows calling the paths of one kind of caller, and nothing else. */
  callerPolicy(kind: CallerKind): ManagedPolicy {
    const policy = new ManagedPolicy(this, `${kind}-policy`, {
      description: `May call the token vending machine as ${kind}`,
      statements: [
        new PolicyStatement({
          actions: ['execute-api:Invoke'],
          resources: CALLER_PATHS[kind].map((call) => {
            const [method, path] = call.split(' ');
            return this.api.arnForExecuteApi(method, path, STAGE);
          }),
        }),
      ],
    });
    const { Ref: api } = Stack.of(this).resolve(this.restApiId);
    for (const call of CALLER_PATHS[kind].filter((one) => one.endsWith('/*'))) {
      const resource = `<${api}>/${STAGE}/${call.replace(' ', '')}`;
      Validations.of(policy).acknowledge({
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:${resource}]`,
        reason: 'The last path segment is an id; the method and the rest of the path are explicit.',
      });
    }
    return policy;
  }

  private method(path: string, handler: IFunction, method: Method, authorizationType: AuthorizationType): ApiMethod {
    const options = { authorizationType };
    const added = this.api.root.resourceForPath(path).addMethod(method, integration(handler), options);
    const methodArns = this.methodArns.get(handler) ?? this.register(handler);
    // With the stage's name, so that test calls from the console do not match: they bypass authorization, and have a
    // different stage. A path parameter becomes `*`, as in CDK's own permissions.
    methodArns.push(this.api.arnForExecuteApi(method, path.replaceAll(/\{\w+\}/g, '*'), STAGE));
    return added;
  }

  /** Registers a function with the API, without methods yet. */
  private register(handler: IFunction): string[] {
    const methodArns: string[] = [];
    this.methodArns.set(handler, methodArns);
    if (this.limitInvocation) invokedOnlyBy(methodArns, handler);
    return methodArns;
  }

  private domain({ name, certificate_arn }: NonNullable<Config['domain']>): DomainNameOptions {
    return {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, 'certificate', certificate_arn),
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09,
      endpointAccessMode: EndpointAccessMode.STRICT,
    };
  }

  /** Creates the group for execution logs. API Gateway would create it unencrypted and without retention. */
  private keepExecutionLogs({ encryptionKey, logRetention }: ServiceDefaults): void {
    const group = new LogGroup(this, 'execution-logs', {
      logGroupName: `API-Gateway-Execution-Logs_${this.api.restApiId}/${STAGE}`,
      encryptionKey,
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.api.deploymentStage.node.addDependency(group);
  }

  /** Formats errors of the gateway itself (unsigned, throttled, unknown path) like the errors of the functions. */
  private formatGatewayErrors(): void {
    const responses: [id: string, type: ResponseType, error: string, headers?: Record<string, string>][] = [
      ['refused', ResponseType.DEFAULT_4XX, 'access_denied'],
      ['too-large', ResponseType.REQUEST_TOO_LARGE, 'invalid_request'],
      ['throttled', ResponseType.THROTTLED, 'temporarily_unavailable', { 'retry-after': "'2'" }],
      ['failed', ResponseType.DEFAULT_5XX, 'server_error', { 'retry-after': "'2'" }],
    ];
    for (const [id, type, error, responseHeaders] of responses) {
      this.api.addGatewayResponse(id, {
        type,
        ...(responseHeaders && { responseHeaders }),
        templates: {
          'application/json': `{"error":"${error}","error_description":$context.error.messageString,"request_id":"$context.requestId"}`,
        },
      });
    }
  }

  /** Acknowledges the cdk-nag rules that this API breaks on purpose. */
  private acknowledgeRules(): void {
    const reasons = {
      'AwsSolutions-APIG2':
        'The functions validate every request against the schemas of contract/, more strictly than the gateway can.',
      'AwsSolutions-APIG3':
        'The gateway rejects requests that no allowed caller signed, and the stage throttles; a web ACL is the operator’s choice.',
      'AwsSolutions-APIG4': 'The public keys and the metadata are public; every other path requires IAM authorization.',
      'AwsSolutions-COG4': 'Callers are workloads with AWS identities: IAM authorization, not a user pool.',
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]':
        'API Gateway requires this policy, on a role that only API Gateway can assume.',
    };
    acknowledge(this.api.deploymentStage, {
      CKV_AWS_120: 'Responses are for one caller at one moment, and must not be cached for others.',
    });
    for (const [id, reason] of Object.entries(reasons)) Validations.of(this).acknowledge({ id, reason });
  }
}

/** Metrics and execution logs of each request, in addition to the access log. */
const OBSERVED: MethodDeploymentOptions = {
  metricsEnabled: true,
  loggingLevel: MethodLoggingLevel.ERROR,
  // Bodies contain tokens.
  dataTraceEnabled: false,
};

/** Throttling of a public path that does expensive work, so that a flood of requests leaves capacity for the others. */
const UNSIGNED: MethodDeploymentOptions = { ...OBSERVED, throttlingRateLimit: 20, throttlingBurstLimit: 40 };

/** The Lambda integration of a method. CDK's `LambdaIntegration` would always add an `AWS::Lambda::Permission`. */
function integration({ functionArn }: IFunction): AwsIntegration {
  return new AwsIntegration({
    service: 'lambda',
    path: `2015-03-31/functions/${functionArn}/invocations`,
    proxy: true,
  });
}

/** The access log format. It has no headers and no bodies, which contain signatures and tokens. */
const ACCESS_LOG = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    time: AccessLogField.contextRequestTimeEpoch(),
    sourceIp: AccessLogField.contextIdentitySourceIp(),
    caller: AccessLogField.contextIdentityUserArn(),
    method: AccessLogField.contextHttpMethod(),
    path: AccessLogField.contextResourcePath(),
    status: AccessLogField.contextStatus(),
    milliseconds: AccessLogField.contextResponseLatency(),
    tlsVersion: '$context.tlsVersion',
    error: AccessLogField.contextErrorResponseType(),
  }),
);
