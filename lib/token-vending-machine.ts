import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import { namedTargets } from '@tvm/core/policy/named-targets.ts';
import { CfnOutput, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Config } from './config/config.ts';
import { Anomalies } from './constructs/anomalies.ts';
import { AuditArchive } from './constructs/audit-archive.ts';
import { auditPublishing } from './constructs/audit-publishing.ts';
import { DataKey } from './constructs/data-key.ts';
import { discovery } from './constructs/discovery.ts';
import { EventFlow } from './constructs/event-flow.ts';
import { issuing } from './constructs/issuing.ts';
import type { Machine } from './constructs/machine.ts';
import { ownRevocation } from './constructs/own-revocation.ts';
import { Revocation } from './constructs/revocation.ts';
import { SecurityEventExchange } from './constructs/security-event-exchange.ts';
import type { ServiceDefaults } from './constructs/service-function.ts';
import { StatusLists } from './constructs/status-lists.ts';
import { TokenApi } from './constructs/token-api.ts';
import { tokenKeys } from './constructs/token-keys.ts';
import { TokenList } from './constructs/token-list.ts';
import { TokenRecords } from './constructs/token-records.ts';
import { TokenSweep } from './constructs/token-sweep.ts';
import { verification } from './constructs/verification.ts';
import { Watch } from './constructs/watch.ts';

export interface TokenVendingMachineProps {
  config: Config;
  /** The policies, validated. */
  policyBundle: PolicyBundle;
  /** What lies beside the code of a function that asks further conditions: authorizer-files.ts makes it. */
  authorizerFiles: Record<string, string | Uint8Array>;
}

/**
 * The whole system: its parts, in the order in which a token meets them.
 *
 * @example
 * const config = loadConfig(new URL('config/', PROJECT), 'production', {}, { region, account });
 * const policyBundle = buildPolicyBundle(files);
 * new TokenVendingMachine(stack, 'Default', { config, policyBundle, authorizerFiles: {} });
 */
export class TokenVendingMachine extends Construct {
  constructor(scope: Construct, id: string, { config, policyBundle, authorizerFiles }: TokenVendingMachineProps) {
    super(scope, id);
    const machine = foundation(this, config);
    const { api, events } = machine;
    const keys = tokenKeys(this, config);

    // Verifiers read there, offline, what was revoked.
    const statusLists = new StatusLists(this, 'status-lists', { machine });
    const { issueToken } = issuing(this, { machine, keys, statusLists, policyBundle, authorizerFiles });
    const { introspectToken } = verification(this, machine, keys);

    // An operator or an event revokes tokens, a workload its own; other systems hear of it, and have tokens revoked.
    const audiences = config.resource_servers.flatMap((server) => server.audiences);
    const revocation = new Revocation(this, 'revocation', { machine, named: namedTargets(policyBundle, audiences) });
    const exchange = new SecurityEventExchange(this, 'security-event-exchange', { machine, revocation });
    ownRevocation(this, machine, keys, revocation);

    // An operator sees every token, and anybody where everything is. Tokens expire, and policies and keys change.
    new TokenList(this, 'token-list', { machine });
    discovery(this, machine, keys);
    const keyArns = [...new Set([keys.signing, ...keys.verifying])].map((key) => key.keyArn);
    new TokenSweep(this, 'token-sweep', { machine, policyBundle: policyBundle.hash, keyArns });

    // Every decision is published, and archived so that it can be proved; what is unusual or fails is reported.
    const publishAudit = auditPublishing(this, machine);
    const archive = new AuditArchive(this, 'audit-archive', { machine });
    new Anomalies(this, 'anomalies', { machine, revocation });
    const answering = [issueToken, introspectToken];
    const watch = new Watch(this, 'watch', { machine, answering, streamReaders: [publishAudit, archive.archiveAudit] });

    const operatorPolicy = api.callerPolicy('operator');
    events.letRequestRevocation(config.revocation_sources, operatorPolicy);
    this.export({
      Issuer: api.issuer,
      ApiId: api.restApiId,
      TableName: machine.records.tableName,
      EventBusName: events.bus.eventBusName,
      SigningKeyArn: keys.signing.keyArn,
      PolicyBundle: policyBundle.hash,
      WorkloadPolicyArn: api.callerPolicy('workload').managedPolicyArn,
      ResourceServerPolicyArn: api.callerPolicy('resource-server').managedPolicyArn,
      OperatorPolicyArn: operatorPolicy.managedPolicyArn,
      SecurityEventReceiverPolicyArn: exchange.receiverPolicy?.managedPolicyArn,
      AuditDeadLetterQueueUrl: events.auditDeadLetters.queueUrl,
      AuditArchiveBucket: archive.bucket.bucketName,
      AuditDigestFunction: archive.digestAudit.functionName,
      RevocationDeadLetterQueueUrl: revocation.mailbox.deadLetters.queueUrl,
      AlarmTopicArn: watch.topic.topicArn,
      FunctionChangesQueueUrl: watch.functionChanges.queue.queueUrl,
      DashboardName: watch.dashboard.dashboardName,
      DomainTarget: api.domainTarget,
    });
  }

  private export(outputs: Record<string, string | undefined>): void {
    for (const [name, value] of Object.entries(outputs)) {
      if (value !== undefined) new CfnOutput(this, name, { value });
    }
  }
}

/** What every part is built on: the table, the API and the bus. */
function foundation(scope: Construct, config: Config): Machine {
  const protect = config.data_protection;
  const encryptionKey = new DataKey(scope, 'data-key', { protect });
  const defaults: ServiceDefaults = {
    encryptionKey,
    logRetention: config.log_retention / Duration.days(1).toSeconds(),
  };
  const records = new TokenRecords(scope, 'token-records', { encryptionKey, protect });
  const api = new TokenApi(scope, 'token-api', { config, defaults });
  const events = new EventFlow(scope, 'event-flow', { encryptionKey, plainHttp: config.emulator !== undefined });
  return { config, defaults, records, api, events };
}
