import { action } from '@tvm/contract/authorization-details.ts';
import { type tokenListRequest, tokenListResponse, tokenState } from '@tvm/contract/token-list.ts';
import { type Command, Option } from 'commander';
import type * as z from 'zod';
import type { Exchange } from '../connection/exchange.ts';
import { readMoment } from '../connection/moment-option.ts';
import { namedBy } from '../connection/name-option.ts';

/** The options that pick out tokens, as commander reads them. */
export interface TokenFilterOptions {
  state?: string;
  subject?: string;
  workload?: string;
  task?: string;
  audience?: string;
  resource?: string;
  action?: string;
  policy?: string;
  policyBundle?: string;
  sourceIp?: string;
  issuedAfter?: string;
  issuedBefore?: string;
  expiresAfter?: string;
  expiresBefore?: string;
}

/** Adds the options that pick out tokens. */
export function addTokenFilterOptions(command: Command): Command {
  return command
    .addOption(new Option('--state <state>', 'in this state now').choices(tokenState.options))
    .option('--subject <arn>', 'of this workload: its IAM role or user')
    .option('--workload <name>', 'of one running workload, by its role session’s name')
    .option('--task <id>', 'for this task')
    .option('--audience <name>', 'for this resource server')
    .option('--resource <location>', 'that permit anything there; db/* is db and all below')
    .addOption(new Option('--action <action>', 'that permit this').choices(action.options))
    .option('--policy <id>', 'decided by this policy')
    .option('--policy-bundle <hash>', 'decided by this policy bundle')
    .option('--source-ip <address>', 'asked for from there')
    .option('--issued-after <time>', 'a time, or a duration ago: 10m')
    .option('--issued-before <time>', 'a time, or a duration ago')
    .option('--expires-after <time>', 'a time, or a duration from now')
    .option('--expires-before <time>', 'a time, or a duration from now: 5m');
}

const nameOption = namedBy({
  subject: '--subject',
  workload: '--workload',
  task: '--task',
  audience: '--audience',
  resource: '--resource',
  policy: '--policy',
  policy_bundle: '--policy-bundle',
  source_ip: '--source-ip',
  limit: '--limit',
});

/** `GET /tokens`, as the commands here send it. */
export const listing = { method: 'GET', path: '/tokens', answer: tokenListResponse, nameOption } satisfies Partial<
  Exchange<z.ZodType, z.ZodType>
>;

/** What a list's request says, without what pages it. */
export type TokenFilter = Omit<z.input<typeof tokenListRequest>, 'limit' | 'cursor'>;

/**
 * What the options pick out, as the wire says it; the machine's schema is to check it.
 *
 * @param now milliseconds since the epoch: durations are counted from then
 */
export function readTokenFilter(options: TokenFilterOptions, now: number): Record<keyof TokenFilter, unknown> {
  const { state, subject, workload, task, audience, resource, action, policy } = options;
  return {
    ...{ state, subject, workload, task, audience, resource, action, policy },
    policy_bundle: options.policyBundle,
    source_ip: options.sourceIp,
    issued_after: readMoment('--issued-after', options.issuedAfter, now),
    issued_before: readMoment('--issued-before', options.issuedBefore, now),
    expires_after: readMoment('--expires-after', options.expiresAfter, now, 'ahead'),
    expires_before: readMoment('--expires-before', options.expiresBefore, now, 'ahead'),
  };
}
