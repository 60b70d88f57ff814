import { REVOCATION_REQUESTED } from '@tvm/contract/events.ts';
import type { NamedTargets } from '@tvm/core/policy/named-targets.ts';
import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type * as z from 'zod';
import { liftBlockEnv } from '#lambdas/lift-block/env.ts';
import { revokeTokensEnv } from '#lambdas/revoke-tokens/env.ts';
import { revokeTokensByEventEnv } from '#lambdas/revoke-tokens-by-event/env.ts';
import type { Mailbox } from './event-flow.ts';
import type { Foundation } from './foundation.ts';
import { grantOnTable } from './grant-on-table.ts';
import { triggerRules, triggerSettings } from './revocation-triggers.ts';
import { ServiceFunction } from './service-function.ts';

export interface RevocationProps {
  foundation: Foundation;
  /** The names in this deployment. A revocation of any other name is refused, unless a record contains it. */
  named: NamedTargets;
}

/** Revokes tokens by an operator's call or by an event. Long revocations continue through a queue. */
export class Revocation extends Construct {
  /** Delivers events that revoke tokens, and messages that continue a revocation. */
  readonly mailbox: Mailbox;
  /** The environment of functions that submit revocation requests, without the table's name. */
  readonly environment: { RECORD_RETENTION: string; BLOCK_FOR: string; REVOCATION_QUEUE_URL: string };
  private readonly foundation: Foundation;

  constructor(scope: Construct, id: string, { foundation, named }: RevocationProps) {
    super(scope, id);
    const { config, defaults, records, api, events } = foundation;
    this.foundation = foundation;
    this.environment = {
      RECORD_RETENTION: String(config.record_retention),
      BLOCK_FOR: String(config.revocation_block),
      // Lazy, because the queue is created after the function that needs its URL.
      REVOCATION_QUEUE_URL: Lazy.string({ produce: () => this.mailbox.queue.queueUrl }),
    };
    const namedTargets = { 'named-targets.json': JSON.stringify(named) };
    const environment = { TABLE_NAME: records.tableName, ...this.environment };

    // Revokes tokens by events, and continues long revocations.
    const revokeTokensByEvent = new ServiceFunction(this, 'revoke-tokens-by-event', {
      defaults,
      description: 'Revocation Requested and revocation triggers on the bus: revokes tokens',
      memorySize: 512,
      timeout: Duration.minutes(1),
      // The function sends a message to its own queue until a revocation is completed. Lambda would stop this loop
      // after about 16 invocations, so that a revocation of many tokens, or a deferred one, would never complete. The
      // loop is finite: a request selects tokens up to a fixed time, its position moves forward with each page, and it
      // makes two passes (core/revocation/requests/run-revocation.ts). The number of retries is limited.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
      env: revokeTokensByEventEnv,
      environment: {
        ...environment,
        ACCOUNT: Stack.of(this).account,
        REVOCATION_SOURCES: config.revocation_sources.join(','),
        DEAD_LETTER_QUEUE_URL: Lazy.string({ produce: () => this.mailbox.deadLetters.queueUrl }),
      },
      files: { 'triggers.json': JSON.stringify(triggerSettings(config)), ...namedTargets },
    });
    this.mailbox = events.deliver('revoke-tokens-by-event', revokeTokensByEvent, {
      rules: [
        {
          name: 'requested',
          description: 'Revocation requests; those of untrusted sources are refused and stored',
          pattern: { detailType: [REVOCATION_REQUESTED] },
        },
        ...triggerRules(this, config),
      ],
    });
    this.allowRevoking(revokeTokensByEvent);
    this.allowRefusing(revokeTokensByEvent);
    events.allowDeadLetters(this.mailbox.deadLetters, revokeTokensByEvent.role);

    // Lets operators revoke tokens and read the progress.
    const revokeTokens = new ServiceFunction(this, 'revoke-tokens', {
      defaults,
      description: 'POST /revocations, GET /revocations/{revocation_id}: revokes the selected tokens',
      memorySize: 512,
      timeout: Duration.seconds(29),
      env: revokeTokensEnv,
      environment,
      files: namedTargets,
    });
    api.signed('/revocations', revokeTokens);
    api.signed('/revocations/{revocation_id}', revokeTokens, 'GET');
    this.allowRevoking(revokeTokens);
    this.allowRefusing(revokeTokens);

    // Lets operators lift the block of a subject.
    const liftBlock = new ServiceFunction(this, 'lift-block', {
      defaults,
      description: 'POST /blocks/lift: lifts the block of a subject',
      memorySize: 512,
      env: liftBlockEnv,
      environment: { TABLE_NAME: records.tableName },
    });
    api.signed('/blocks/lift', liftBlock);
    grantOnTable(liftBlock, records.tableArn, records.encryptionKey, ['UpdateItem'], ['SUBJECT#*']);
    records.allowSubjectFacts(liftBlock);
  }

  /** Lets a function check whether the target of a revocation is known, and record refusals for the audit. */
  private allowRefusing(orderer: ServiceFunction<z.ZodObject>): void {
    const { records } = this.foundation;
    grantOnTable(orderer, records.tableArn, records.encryptionKey, ['Query'], ['BY#denied#*']);
    grantOnTable(orderer, records.tableArn, records.encryptionKey, ['PutItem'], ['FACT#*']);
  }

  /** Lets a function submit, complete and continue revocation requests. */
  allowRevoking(orderer: ServiceFunction<z.ZodObject>): void {
    const { records, events } = this.foundation;
    const allow = (operations: string[], leadingKeys: string[]) =>
      grantOnTable(orderer, records.tableArn, records.encryptionKey, operations, leadingKeys);
    allow(['GetItem', 'UpdateItem'], ['TOKEN#*', 'SUBJECT#*', 'ORDER#*']);
    allow(['BatchGetItem'], ['TOKEN#*']);
    allow(['Query'], ['BY#issued#*']);
    allow(['PutItem'], ['ORDER#*']);
    records.allowSubjectFacts(orderer);
    events.allowDeadLetters(this.mailbox.queue, orderer.role);
  }
}
