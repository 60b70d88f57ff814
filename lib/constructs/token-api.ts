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

/** The API's stage: a literal, so that the issuer can be told to functions which the API itself depends on. */
const STAGE = 'v1';

/** At least TLS 1.2 with forward secrecy; hybrid post-quantum key exchange where the client can. A REST API's own default is TLS 1.0. */
const TLS_POLICY = 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09';

/** Who may call a path: each kind has a managed policy. */
export type CallerKind = 'workload' | 'resource-server' | 'operator' | 'security-event-receiver';

type Method = 'GET' | 'POST' | 'HEAD' | 'OPTIONS';

/** What each kind of caller may call: method and path. */
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
  // Where the configuration names such a receiver.
  'security-event-receiver': [
    'POST /security-events/poll',
    'GET /security-events/streams',
    'GET /security-events/status',
    'POST /security-events/verification',
  ],
};

export interface TokenApiProps {
  config: Config;
  defaults: ServiceDefaults;
}

/** The REST API: signed requests on the paths of callers, open ones on `/.well-known`. */
export class TokenApi extends Construct {
  /** The URL that tokens carry as `iss`: the configured one, the custom domain, or the API's own. Never from a request. */
  readonly issuer: string;
  readonly restApiId: string;
  /** The host name that DNS must point the custom domain to, where there is one. */
  readonly domainTarget: string | undefined;
  private readonly api: RestApi;
  /** The ARNs of the methods of each function behind the API. */
  private readonly methodArns = new Map<IFunction, string[]>();
  /** An emulator does not know the type of resource that says who may invoke a function. */
  private readonly limitInvocation: boolean;

  constructor(scope: Construct, id: string, { config, defaults }: TokenApiProps) {
    super(scope, id);
    const { region, urlSuffix } = Stack.of(this);
    this.limitInvocation = config.emulator === undefined;
    const policy = callersFromOtherAccounts(config, STAGE, CALLER_PATHS.workload);
    this.api = new RestApi(this, 'api', {
      description: 'Token vending machine',
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: true,
      // It is the account's, and may outlive this API: others log by it too. Also when the first deployment fails: the
      // account's setting names it by then.
      cloudWatchRoleRemovalPolicy: config.data_protection ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...(policy && { policy }),
      ...(config.domain && { domainName: this.domain(config.domain) }),
      disableExecuteApiEndpoint: config.domain !== undefined,
      deployOptions: {
        stageName: STAGE,
        ...OBSERVED,
        throttlingRateLimit: config.throttle.rate,
        throttlingBurstLimit: config.throttle.burst,
        ...(config.trusted_transmitters.length > 0 && { methodOptions: { '/security-events/POST': UNSIGNED } }),
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
      // MiniStack's tag, and LocalStack's.
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
    this.answerLikeTheMachine();
    this.acknowledgeRules();
  }

  /** A path for callers that sign their requests. */
  signed(path: string, handler: IFunction, method: Method = 'POST'): void {
    this.method(path, handler, method, AuthorizationType.IAM);
  }

  /** A path that anybody may call. */
  open(path: string, handler: IFunction, method: Method = 'GET'): void {
    acknowledge(this.method(path, handler, method, AuthorizationType.NONE), {
      CKV_AWS_59:
        'Public keys, metadata and status lists are for everybody; security events are known by their signature.',
    });
  }

  /** Documents that anybody may fetch, also by HEAD and by scripts of other sites: `openHandler` answers these. */
  openDocument(path: string, handler: IFunction): void {
    for (const method of ['GET', 'HEAD', 'OPTIONS'] as const) this.open(path, handler, method);
  }

  /** How often it answered 500, 503 or the like, by the metric of API Gateway. */
  serverErrors(period: Duration): Metric {
    return this.api.deploymentStage.metricServerError({ statistic: Stats.SUM, period });
  }

  /** How long it took to answer, in milliseconds. */
  latency(statistic: string, period: Duration): Metric {
    return this.api.deploymentStage.metricLatency({ label: `API ${statistic}`, statistic, period });
  }

  /** A managed policy that lets its bearer call the paths of one kind of caller, and nothing else. */
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
        reason: 'What is below this path has an id for its name; the method and the path are named.',
      });
    }
    return policy;
  }

  private method(path: string, handler: IFunction, method: Method, authorizationType: AuthorizationType): ApiMethod {
    const options = { authorizationType };
    const made = this.api.root.resourceForPath(path).addMethod(method, integration(handler), options);
    const methodArns = this.methodArns.get(handler) ?? this.putBehind(handler);
    // With the stage's name, not a reference to it: the console's test calls, which bypass authorization, have another.
    // What a path's parameter may be is `*`, as CDK's own permissions have it.
    methodArns.push(this.api.arnForExecuteApi(method, path.replaceAll(/\{\w+\}/g, '*'), STAGE));
    return made;
  }

  /** Puts a function behind the API: no methods yet. */
  private putBehind(handler: IFunction): string[] {
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

  /** The group that API Gateway writes execution logs to, which it would make itself: unencrypted, kept for good. */
  private keepExecutionLogs({ encryptionKey, logRetention }: ServiceDefaults): void {
    const group = new LogGroup(this, 'execution-logs', {
      logGroupName: `API-Gateway-Execution-Logs_${this.api.restApiId}/${STAGE}`,
      encryptionKey,
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.api.deploymentStage.node.addDependency(group);
  }

  /** What the gateway itself refuses (unsigned, throttled, no such path) has the form of the machine's own errors. */
  private answerLikeTheMachine(): void {
    const answers: [id: string, type: ResponseType, error: string, headers?: Record<string, string>][] = [
      ['refused', ResponseType.DEFAULT_4XX, 'access_denied'],
      ['too-large', ResponseType.REQUEST_TOO_LARGE, 'invalid_request'],
      ['throttled', ResponseType.THROTTLED, 'temporarily_unavailable', { 'retry-after': "'2'" }],
      ['failed', ResponseType.DEFAULT_5XX, 'server_error', { 'retry-after': "'2'" }],
    ];
    for (const [id, type, error, responseHeaders] of answers) {
      this.api.addGatewayResponse(id, {
        type,
        ...(responseHeaders && { responseHeaders }),
        templates: {
          'application/json': `{"error":"${error}","error_description":$context.error.messageString,"request_id":"$context.requestId"}`,
        },
      });
    }
  }

  /** The rules of cdk-nag that this API breaks on purpose. */
  private acknowledgeRules(): void {
    const reasons = {
      'AwsSolutions-APIG2':
        'The functions validate every request against the schemas of contract/, more strictly than the gateway can.',
      'AwsSolutions-APIG3':
        'What is not signed by an allowed caller ends at the gateway, and the stage throttles; a web ACL is the operator’s choice.',
      'AwsSolutions-APIG4':
        'The public keys and the metadata are meant for everybody; every other path asks for IAM authorization.',
      'AwsSolutions-COG4': 'Callers are workloads with AWS identities: IAM authorization, not a user pool.',
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]':
        'API Gateway asks for this policy, on a role that only it can assume.',
    };
    acknowledge(this.api.deploymentStage, {
      CKV_AWS_120: 'Answers are for one caller at one moment: none may be given to another, or later.',
    });
    for (const [id, reason] of Object.entries(reasons)) Validations.of(this).acknowledge({ id, reason });
  }
}

/** What is noted of each request, besides the access log. */
const OBSERVED: MethodDeploymentOptions = {
  metricsEnabled: true,
  loggingLevel: MethodLoggingLevel.ERROR,
  // Bodies hold tokens.
  dataTraceEnabled: false,
};

/** Whoever floods a path that is open, and does work, takes no more than this of what the API takes. */
const UNSIGNED: MethodDeploymentOptions = { ...OBSERVED, throttlingRateLimit: 20, throttlingBurstLimit: 40 };

/** A path's function. Not by `LambdaIntegration`, which always adds an `AWS::Lambda::Permission`. */
function integration({ functionArn }: IFunction): AwsIntegration {
  return new AwsIntegration({
    service: 'lambda',
    path: `2015-03-31/functions/${functionArn}/invocations`,
    proxy: true,
  });
}

/** Who called what, and how it went. No header and no body: they hold signatures and tokens. */
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
