import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Construct } from 'constructs';
import { isRead, type PolicyBundle } from '../core/policy/bundle.ts';
import { explainTokenEnv } from '../lambdas/explain-token/env.ts';
import { introspectTokenEnv } from '../lambdas/introspect-token/env.ts';
import { issueTokenEnv } from '../lambdas/issue-token/env.ts';
import { publishAuditEnv } from '../lambdas/publish-audit/env.ts';
import { revokeOwnTokenEnv } from '../lambdas/revoke-own-token/env.ts';
import { revokeTokensEnv } from '../lambdas/revoke-tokens/env.ts';
import { revokeTokensByEventEnv } from '../lambdas/revoke-tokens-by-event/env.ts';
import { serveDiscoveryEnv } from '../lambdas/serve-discovery/env.ts';
import type { Config } from './config.ts';
import { DataKey } from './constructs/data-key.ts';
import { EventFlow } from './constructs/event-flow.ts';
import { type ServiceDefaults, ServiceFunction } from './constructs/service-function.ts';
import { SigningKey } from './constructs/signing-key.ts';
import { TokenApi } from './constructs/token-api.ts';
import { TokenRecords } from './constructs/token-records.ts';

export interface TvmStackProps extends StackProps {
  config: Config;
  /** The policies, validated. */
  policyBundle: PolicyBundle;
  /** What lies beside the code of a function that asks further conditions: condition-files.ts makes it. */
  conditionFiles: Record<string, string | Uint8Array>;
}

const CEDAR_WASM = createRequire(import.meta.url)
  .resolve('@cedar-policy/cedar-wasm/nodejs')
  .replace(/\.js$/, '_bg.wasm');

/** The whole system: what there is, who calls what, and what each part may do. */
export class TvmStack extends Stack {
  constructor(scope: Construct, id: string, { config, policyBundle, conditionFiles, ...props }: TvmStackProps) {
    super(scope, id, { description: 'Token vending machine: short-lived, narrow tokens for workloads', ...props });
    const protect = config.data_protection;

    // What it keeps.
    const encryptionKey = new DataKey(this, 'data-key', { protect });
    const defaults: ServiceDefaults = {
      encryptionKey,
      logRetention: config.log_retention / Duration.days(1).toSeconds(),
    };
    const records = new TokenRecords(this, 'token-records', { encryptionKey, protect });
    const signingKeys = new Map(
      Object.entries(config.signing_keys).map(([name, spec]) => [
        name,
        new SigningKey(this, `signing-key-${name}`, { spec, protect }),
      ]),
    );
    const signingKey = signingKeys.get(config.signing_key);
    if (signingKey === undefined) throw new Error('the configuration names a signing key that it does not have');

    // Where it is reached.
    const api = new TokenApi(this, 'token-api', { config, defaults });
    const events = new EventFlow(this, 'event-flow', { encryptionKey, plainHttp: config.emulator !== undefined });

    const issuing = { ISSUER: api.issuer, TABLE_NAME: records.tableName };
    const verifying = {
      ISSUER: api.issuer,
      VERIFICATION_KEY_ARNS: [...signingKeys.values()].map((key) => key.keyArn).join(','),
    };

    const deciding = {
      TABLE_NAME: records.tableName,
      DEFAULT_LIFETIME: String(config.token_expiration_time),
      DEFAULT_WRITE_LIFETIME: String(config.write_token_expiration_time),
      MAX_LIFETIME: String(config.max_token_lifetime),
    };
    const decidedBy = {
      'policy-bundle.json': JSON.stringify(policyBundle),
      'cedar_wasm_bg.wasm': readFileSync(CEDAR_WASM),
      ...conditionFiles,
    };

    // A workload asks for a token.
    const issueToken = new ServiceFunction(this, 'issue-token', {
      defaults,
      description: 'POST /token: decides by policy, signs, remembers',
      memorySize: 1024,
      env: issueTokenEnv,
      environment: {
        ...issuing,
        ...deciding,
        SIGNING_KEY_ARN: signingKey.keyArn,
        RECORD_RETENTION: String(config.record_retention),
      },
      files: decidedBy,
    });
    api.signed('/token', issueToken);
    signingKey.signedOnlyBy(issueToken.role);
    records.allow(issueToken, 'PutItem', 'GetItem', 'UpdateItem');
    if (isRead(policyBundle, 'behaviour')) records.allowFindingBySubject(issueToken);

    // A workload asks what it would get and why, or an operator what any workload would.
    const explainToken = new ServiceFunction(this, 'explain-token', {
      defaults,
      description: 'POST /explain, POST /explain/any: decides without vending, and says why',
      memorySize: 1024,
      env: explainTokenEnv,
      environment: deciding,
      files: decidedBy,
    });
    api.signed('/explain', explainToken);
    api.signed('/explain/any', explainToken);
    if (isRead(policyBundle, 'behaviour')) records.allowFindingBySubject(explainToken);

    // A resource server asks about a token.
    const introspectToken = new ServiceFunction(this, 'introspect-token', {
      defaults,
      description: 'POST /introspect: tells a resource server whether a token is active',
      memorySize: 512,
      env: introspectTokenEnv,
      environment: { ...issuing, ...verifying },
      files: { 'resource-servers.json': JSON.stringify(resourceServers(config)) },
    });
    api.signed('/introspect', introspectToken);
    records.allow(introspectToken, 'GetItem');

    // A workload gives a token back.
    const revokeOwnToken = new ServiceFunction(this, 'revoke-own-token', {
      defaults,
      description: 'POST /revoke: takes back a token of the caller',
      memorySize: 512,
      env: revokeOwnTokenEnv,
      environment: { ...issuing, ...verifying },
    });
    api.signed('/revoke', revokeOwnToken);
    records.allow(revokeOwnToken, 'GetItem', 'UpdateItem');

    // An operator, or an event, takes tokens back.
    const revokeTokens = new ServiceFunction(this, 'revoke-tokens', {
      defaults,
      description: 'POST /revocations: takes back any token, or all tokens of a subject',
      memorySize: 512,
      timeout: Duration.seconds(29),
      env: revokeTokensEnv,
      environment: { TABLE_NAME: records.tableName },
    });
    api.signed('/revocations', revokeTokens);
    const revokeTokensByEvent = new ServiceFunction(this, 'revoke-tokens-by-event', {
      defaults,
      description: 'Revocation Requested on the bus: takes back a token, or all tokens of a subject',
      memorySize: 512,
      timeout: Duration.minutes(1),
      env: revokeTokensByEventEnv,
      environment: { TABLE_NAME: records.tableName, DEAD_LETTER_QUEUE_URL: events.revocationDeadLetters.queueUrl },
    });
    events.revokeOn(config.revocation_sources, revokeTokensByEvent);
    events.allowDeadLetters(events.revocationDeadLetters, revokeTokensByEvent.role);
    for (const revoker of [revokeTokens, revokeTokensByEvent]) {
      records.allow(revoker, 'UpdateItem');
      records.allowFindingBySubject(revoker);
    }

    // Anybody learns where everything is, and the public keys.
    const serveDiscovery = new ServiceFunction(this, 'serve-discovery', {
      defaults,
      description: 'GET /.well-known/…: public keys and metadata',
      memorySize: 256,
      env: serveDiscoveryEnv,
      environment: verifying,
    });
    for (const name of ['jwks.json', 'openid-configuration', 'oauth-authorization-server']) {
      api.open(`/.well-known/${name}`, serveDiscovery);
    }
    for (const key of signingKeys.values()) {
      if (key !== signingKey) key.signedByNobody();
      for (const verifier of [introspectToken, revokeOwnToken, serveDiscovery]) key.grant(verifier, 'kms:GetPublicKey');
    }

    // Security sees every decision: the table's stream is the outbox.
    const publishAudit = new ServiceFunction(this, 'publish-audit', {
      defaults,
      description: 'The stream of decisions: publishes each as an audit event',
      memorySize: 512,
      timeout: Duration.minutes(1),
      env: publishAuditEnv,
      environment: { BUS_NAME: events.bus.eventBusName, DEAD_LETTER_QUEUE_URL: events.auditDeadLetters.queueUrl },
    });
    publishAudit.addEventSource(
      new DynamoEventSource(records, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 100,
        parallelizationFactor: 10,
        bisectBatchOnError: true,
        retryAttempts: 100,
        filters: [FilterCriteria.filter({ eventName: FilterRule.or('INSERT', 'MODIFY') })],
        onFailure: new SqsDlq(events.auditDeadLetters),
      }),
    );
    events.publishedOnlyBy(publishAudit.role);
    events.allowDeadLetters(events.auditDeadLetters, publishAudit.role);

    // Who may call what.
    const operatorPolicy = api.callerPolicy('operator');
    events.letRequestRevocation(config.revocation_sources, operatorPolicy);
    this.export({
      Issuer: api.issuer,
      ApiId: api.restApiId,
      TableName: records.tableName,
      EventBusName: events.bus.eventBusName,
      SigningKeyArn: signingKey.keyArn,
      PolicyBundle: policyBundle.hash,
      WorkloadPolicyArn: api.callerPolicy('workload').managedPolicyArn,
      ResourceServerPolicyArn: api.callerPolicy('resource-server').managedPolicyArn,
      OperatorPolicyArn: operatorPolicy.managedPolicyArn,
      AuditDeadLetterQueueUrl: events.auditDeadLetters.queueUrl,
      RevocationDeadLetterQueueUrl: events.revocationDeadLetters.queueUrl,
      ...(api.domainTarget && { DomainTarget: api.domainTarget }),
    });
  }

  private export(outputs: Record<string, string>): void {
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}

function resourceServers(config: Config): Record<string, readonly string[]> {
  return Object.fromEntries(config.resource_servers.map(({ principal, audiences }) => [principal, audiences]));
}
