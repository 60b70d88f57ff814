import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isRead, type PolicyBundle } from '@tvm/core/policy/bundle.ts';
import { namedTargets } from '@tvm/core/policy/named-targets.ts';
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { explainTokenEnv } from '#lambdas/explain-token/env.ts';
import { introspectTokenEnv } from '#lambdas/introspect-token/env.ts';
import { issueTokenEnv } from '#lambdas/issue-token/env.ts';
import { publishAuditEnv } from '#lambdas/publish-audit/env.ts';
import { reportUseEnv } from '#lambdas/report-use/env.ts';
import { revokeOwnTokenEnv } from '#lambdas/revoke-own-token/env.ts';
import { serveDiscoveryEnv } from '#lambdas/serve-discovery/env.ts';
import type { Config } from './config/config.ts';
import { Anomalies } from './constructs/anomalies.ts';
import { AuditArchive } from './constructs/audit-archive.ts';
import { auditStream } from './constructs/audit-stream.ts';
import { DataKey } from './constructs/data-key.ts';
import { EventFlow } from './constructs/event-flow.ts';
import { grantOnTable } from './constructs/grant-on-table.ts';
import type { Machine } from './constructs/machine.ts';
import { Revocation } from './constructs/revocation.ts';
import { SecurityEventExchange } from './constructs/security-event-exchange.ts';
import { type ServiceDefaults, ServiceFunction } from './constructs/service-function.ts';
import { SigningKey } from './constructs/signing-key.ts';
import { StatusLists } from './constructs/status-lists.ts';
import { TokenApi } from './constructs/token-api.ts';
import { TokenList } from './constructs/token-list.ts';
import { TokenRecords } from './constructs/token-records.ts';
import { TokenSweep } from './constructs/token-sweep.ts';
import { Watch } from './constructs/watch.ts';

export interface TvmStackProps extends StackProps {
  config: Config;
  /** The policies, validated. */
  policyBundle: PolicyBundle;
  /** What lies beside the code of a function that asks further conditions: authorizer-files.ts makes it. */
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

    const machine: Machine = { config, defaults, records, api, events };

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

    // Who verifies tokens offline sees there what was revoked.
    const statusLists = new StatusLists(this, 'status-lists', { machine });

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
        STATUS_LIST_TABLE: statusLists.table.tableName,
        STATUS_LIST_SIZE: String(config.status_list_size),
      },
      files: decidedBy,
    });
    api.signed('/token', issueToken);
    signingKey.signedOnlyBy(issueToken.role);
    const allowIssuing = (operations: string[], leadingKeys: string[]) =>
      grantOnTable(issueToken, records.tableArn, records.encryptionKey, operations, leadingKeys);
    allowIssuing(['PutItem', 'UpdateItem'], ['TOKEN#*']);
    allowIssuing(['PutItem'], ['BY#issued#pending#*']);
    allowIssuing(['GetItem'], ['SUBJECT#*']);
    statusLists.allowLeasing(issueToken);
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
    grantOnTable(explainToken, records.tableArn, records.encryptionKey, ['GetItem'], ['SUBJECT#*']);
    api.signed('/explain', explainToken);
    api.signed('/explain/any', explainToken);
    if (isRead(policyBundle, 'behaviour')) records.allowFindingBySubject(explainToken);

    // A resource server asks about a token, and reports what it was used for.
    const askedAbout = { 'resource-servers.json': JSON.stringify(resourceServers(config)) };
    const introspectToken = new ServiceFunction(this, 'introspect-token', {
      defaults,
      description: 'POST /introspect: tells a resource server whether a token is active',
      memorySize: 512,
      env: introspectTokenEnv,
      environment: { ...issuing, ...verifying },
      files: askedAbout,
    });
    api.signed('/introspect', introspectToken);
    records.allow(introspectToken, 'GetItem');
    records.allowCountingIntrospections(introspectToken);
    const reportUse = new ServiceFunction(this, 'report-use', {
      defaults,
      description: 'POST /uses: notes for the audit what a token was used for',
      memorySize: 512,
      env: reportUseEnv,
      environment: { ...issuing, ...verifying, RECORD_RETENTION: String(config.record_retention) },
      files: askedAbout,
    });
    api.signed('/uses', reportUse);
    records.allowNotingFacts(reportUse);

    // An operator, or an event, takes tokens back.
    const revocation = new Revocation(this, 'revocation', {
      machine,
      named: namedTargets(
        policyBundle,
        config.resource_servers.flatMap(({ audiences }) => audiences),
      ),
    });

    // Other systems are told what was revoked, and have tokens revoked.
    const exchange = new SecurityEventExchange(this, 'security-event-exchange', { machine, revocation });

    // A workload gives a token back, or all that it has for a task.
    const revokeOwnToken = new ServiceFunction(this, 'revoke-own-token', {
      defaults,
      description: 'POST /revoke: takes back tokens of the caller',
      memorySize: 512,
      env: revokeOwnTokenEnv,
      environment: { ...issuing, ...verifying, ...revocation.ordering },
    });
    api.signed('/revoke', revokeOwnToken);
    revocation.letOrder(revokeOwnToken);

    // An operator sees every token.
    new TokenList(this, 'token-list', { machine });

    // Anybody learns where everything is, and the public keys.
    const serveDiscovery = new ServiceFunction(this, 'serve-discovery', {
      defaults,
      description: 'GET /.well-known/…: public keys and metadata',
      memorySize: 256,
      env: serveDiscoveryEnv,
      environment: verifying,
    });
    for (const name of ['jwks.json', 'openid-configuration', 'oauth-authorization-server']) {
      api.openDocument(`/.well-known/${name}`, serveDiscovery);
    }
    for (const key of signingKeys.values()) {
      if (key !== signingKey) key.signedByNobody();
      for (const verifier of [introspectToken, reportUse, revokeOwnToken, serveDiscovery])
        key.grant(verifier, 'kms:GetPublicKey');
    }

    // Tokens end by themselves, and so may policies and keys.
    new TokenSweep(this, 'token-sweep', {
      machine,
      policyBundle: policyBundle.hash,
      keyArns: [...new Set([signingKey, ...signingKeys.values()])].map((key) => key.keyArn),
    });

    // Security sees every decision: the table's stream is the outbox.
    const publishAudit = new ServiceFunction(this, 'publish-audit', {
      defaults,
      description: 'The stream of decisions: publishes each as an audit event',
      memorySize: 512,
      timeout: Duration.minutes(1),
      env: publishAuditEnv,
      environment: {
        TABLE_NAME: records.tableName,
        BUS_NAME: events.bus.eventBusName,
        DEAD_LETTER_QUEUE_URL: events.auditDeadLetters.queueUrl,
      },
    });
    records.allowConfirming(publishAudit);
    publishAudit.addEventSource(
      auditStream(records, events.auditDeadLetters, {
        batchSize: 100,
        parallelizationFactor: 10,
        bisectBatchOnError: true,
        retryAttempts: 100,
      }),
    );
    events.publishedOnlyBy(publishAudit.role);
    events.allowDeadLetters(events.auditDeadLetters, publishAudit.role);

    // And it is kept, so that it can be proved afterwards.
    const archive = new AuditArchive(this, 'audit-archive', { machine });

    // What is unusual is told of, and acted on; and people are told of what goes wrong.
    new Anomalies(this, 'anomalies', { machine, revocation });
    const watch = new Watch(this, 'watch', {
      machine,
      answering: [issueToken, introspectToken],
      streamReaders: [publishAudit, archive.archiveAudit],
    });

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
      ...(exchange.receiverPolicy && { SecurityEventReceiverPolicyArn: exchange.receiverPolicy.managedPolicyArn }),
      AuditDeadLetterQueueUrl: events.auditDeadLetters.queueUrl,
      AuditArchiveBucket: archive.bucket.bucketName,
      AuditDigestFunction: archive.digestAudit.functionName,
      RevocationDeadLetterQueueUrl: revocation.mailbox.deadLetters.queueUrl,
      AlarmTopicArn: watch.topic.topicArn,
      FunctionChangesQueueUrl: watch.functionChanges.queue.queueUrl,
      DashboardName: watch.dashboard.dashboardName,
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
