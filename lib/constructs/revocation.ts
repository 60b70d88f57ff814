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
import { grantOnTable } from './grant-on-table.ts';
import type { Machine } from './machine.ts';
import { triggerRules, triggerSettings } from './revocation-triggers.ts';
import { ServiceFunction } from './service-function.ts';

export interface RevocationProps {
  machine: Machine;
  /** What the deployment names: a revocation by another name is refused, unless a record has it. */
  named: NamedTargets;
}

/** Takes tokens back: by a call of an operator, or by an event. What takes long goes on by way of a queue. */
export class Revocation extends Construct {
  /** Events that revoke, and orders to be gone on with. */
  readonly mailbox: Mailbox;
  /** What a function is told that places orders: its environment, besides the table's name. */
  readonly ordering: { RECORD_RETENTION: string; BLOCK_FOR: string; REVOCATION_QUEUE_URL: string };
  private readonly machine: Machine;

  constructor(scope: Construct, id: string, { machine, named }: RevocationProps) {
    super(scope, id);
    const { config, defaults, records, api, events } = machine;
    this.machine = machine;
    this.ordering = {
      RECORD_RETENTION: String(config.record_retention),
      BLOCK_FOR: String(config.revocation_block),
      // The queue is made for the function that is told its URL.
      REVOCATION_QUEUE_URL: Lazy.string({ produce: () => this.mailbox.queue.queueUrl }),
    };
    const known = { 'named-targets.json': JSON.stringify(named) };
    const environment = { TABLE_NAME: records.tableName, ...this.ordering };

    // An event takes tokens back, and every order that takes long is gone on with.
    const revokeTokensByEvent = new ServiceFunction(this, 'revoke-tokens-by-event', {
      defaults,
      description: 'Revocation Requested on the bus, and what happens to workloads: takes tokens back',
      memorySize: 512,
      timeout: Duration.minutes(1),
      // It sends an order that is not completed to its own queue, and Lambda would stop that after some 16 calls: an order of
      // many tokens, or one that waits for hours, would never be completed. The loop ends by itself. A message is sent only
      // while its order is not completed; the order means tokens up to a fixed time, and its position moves forward with each
      // page, through them twice (core/revocation/carry-out-order.ts). What fails is retried a limited number of times.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
      env: revokeTokensByEventEnv,
      environment: {
        ...environment,
        ACCOUNT: Stack.of(this).account,
        REVOCATION_SOURCES: config.revocation_sources.join(','),
        DEAD_LETTER_QUEUE_URL: Lazy.string({ produce: () => this.mailbox.deadLetters.queueUrl }),
      },
      files: { 'triggers.json': JSON.stringify(triggerSettings(config)), ...known },
    });
    this.mailbox = events.bring('revoke-tokens-by-event', revokeTokensByEvent, {
      rules: [
        {
          name: 'requested',
          description: 'Requests to revoke: those of sources that are not obeyed are refused, and kept',
          pattern: { detailType: [REVOCATION_REQUESTED] },
        },
        ...triggerRules(this, config),
      ],
    });
    this.letOrder(revokeTokensByEvent);
    this.letRefuse(revokeTokensByEvent);
    events.allowDeadLetters(this.mailbox.deadLetters, revokeTokensByEvent.role);

    // An operator takes tokens back, and asks how far it is.
    const revokeTokens = new ServiceFunction(this, 'revoke-tokens', {
      defaults,
      description: 'POST /revocations, GET /revocations/{revocation_id}: takes back whatever tokens are picked out',
      memorySize: 512,
      timeout: Duration.seconds(29),
      env: revokeTokensEnv,
      environment,
      files: known,
    });
    api.signed('/revocations', revokeTokens);
    api.signed('/revocations/{revocation_id}', revokeTokens, 'GET');
    this.letOrder(revokeTokens);
    this.letRefuse(revokeTokens);

    // An operator lets a blocked subject have tokens again.
    const liftBlock = new ServiceFunction(this, 'lift-block', {
      defaults,
      description: 'POST /blocks/lift: lets a blocked subject have tokens again',
      memorySize: 512,
      env: liftBlockEnv,
      environment: { TABLE_NAME: records.tableName },
    });
    api.signed('/blocks/lift', liftBlock);
    grantOnTable(liftBlock, records.tableArn, records.encryptionKey, ['UpdateItem'], ['SUBJECT#*']);
    records.allowSubjectFacts(liftBlock);
  }

  /** Lets a function find out whether a revocation's target is known, and tell the audit what it did not revoke. */
  private letRefuse(orderer: ServiceFunction<z.ZodObject>): void {
    const { records } = this.machine;
    grantOnTable(orderer, records.tableArn, records.encryptionKey, ['Query'], ['BY#denied#*']);
    grantOnTable(orderer, records.tableArn, records.encryptionKey, ['PutItem'], ['FACT#*']);
  }

  /** Lets a function order that tokens be taken back, carry it out, and have it gone on with. */
  letOrder(orderer: ServiceFunction<z.ZodObject>): void {
    const { records, events } = this.machine;
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
