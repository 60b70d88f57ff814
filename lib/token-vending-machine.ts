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
import type { Foundation } from './constructs/foundation.ts';
import { issuing } from './constructs/issuing.ts';
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
  /** The validated policies. */
  policyBundle: PolicyBundle;
  /** The files for external authorizers, from authorizer-files.ts. */
  authorizerFiles: Record<string, string | Uint8Array>;
}

/**
 * The whole system. The constructor creates its parts in the order of a token's life.
 *
 * @example
 * const config = loadConfig(new URL('config/', PROJECT), 'production', {}, { region, account });
 * const policyBundle = buildPolicyBundle(files);
 * new TokenVendingMachine(stack, 'Default', { config, policyBundle, authorizerFiles: {} });
 */
export class TokenVendingMachine extends Construct {
  constructor(scope: Construct, id: string, { config, policyBundle, authorizerFiles }: TokenVendingMachineProps) {
    super(scope, id);
    const foundation = createFoundation(this, config, policyBundle);
    const { api, events } = foundation;
    const keys = tokenKeys(this, config);

    // Resource servers verify tokens offline, and read revocations from the status lists.
    const statusLists = new StatusLists(this, 'status-lists', { foundation });
    const issuers = issuing(this, { foundation, keys, statusLists, policyBundle, authorizerFiles });
    const { introspectToken } = verification(this, foundation, keys);

    // Operators and events revoke tokens, and workloads their own. Security events inform other systems of revocations,
    // and let other systems revoke tokens.
    const audiences = config.resource_servers.flatMap((server) => server.audiences);
    const revocation = new Revocation(this, 'revocation', { foundation, named: namedTargets(policyBundle, audiences) });
    const exchange = new SecurityEventExchange(this, 'security-event-exchange', { foundation, revocation });
    ownRevocation(this, foundation, keys, revocation);

    // Operators list all tokens. Discovery documents are public. The sweep marks expired tokens and detects new
    // policies and keys.
    new TokenList(this, 'token-list', { foundation });
    discovery(this, foundation, keys);
    const keyArns = [...new Set([keys.signing, ...keys.verifying])].map((key) => key.keyArn);
    new TokenSweep(this, 'token-sweep', { foundation, policyBundle: policyBundle.hash, keyArns });

    // Every decision is published as an event and archived with a proof. Anomalies and failures are reported.
    const publishAudit = auditPublishing(this, foundation);
    const archive = new AuditArchive(this, 'audit-archive', { foundation });
    new Anomalies(this, 'anomalies', { foundation, revocation });
    const answering = [...issuers, introspectToken];
    const watch = new Watch(this, 'watch', {
      foundation,
      answering,
      streamReaders: [publishAudit, archive.archiveAudit],
    });

    const operatorPolicy = api.callerPolicy('operator');
    events.grantRevocationRequests(config.revocation_sources, operatorPolicy);
    this.export({
      Issuer: api.issuer,
      ApiId: api.restApiId,
      TableName: foundation.records.tableName,
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

/** Creates the resources that all parts use: the table, the API and the bus. */
function createFoundation(scope: Construct, config: Config, { trust }: PolicyBundle): Foundation {
  const protect = config.data_protection;
  const encryptionKey = new DataKey(scope, 'data-key', { protect });
  const defaults: ServiceDefaults = {
    encryptionKey,
    logRetention: config.log_retention / Duration.days(1).toSeconds(),
  };
  const records = new TokenRecords(scope, 'token-records', { encryptionKey, protect });
  const api = new TokenApi(scope, 'token-api', { config, defaults, federated: trust !== undefined });
  const events = new EventFlow(scope, 'event-flow', { encryptionKey, plainHttp: config.emulator !== undefined });
  return { config, defaults, records, api, events };
}
