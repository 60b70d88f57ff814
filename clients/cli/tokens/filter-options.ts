import { type tokenListRequest, tokenListResponse, tokenState } from '@tvm/contract/token-list.ts';
import { type Command, Option } from 'commander';
import type * as z from 'zod';
import type { Exchange } from '../connection/exchange.ts';
import { readMoment } from '../connection/moment-option.ts';
import { namedBy } from '../connection/name-option.ts';

/** The filters of `tvm tokens list` and `tvm tokens watch`, as commander parses them. */
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

/** A paragraph of the help about the times in filters. */
export const TIMES = `
A time is an ISO 8601 timestamp, a date (UTC), or a duration such as 10m:
before now for --issued-after and --issued-before, after now for
--expires-after and --expires-before.
`;

/** Adds the filter options. */
export function addTokenFilterOptions(command: Command): Command {
  return command
    .optionsGroup('Filters:')
    .addOption(new Option('--state <state>', 'current state').choices(tokenState.options))
    .option('--subject <subject>', 'IAM role or user of the workload, or a federated subject')
    .option('--workload <name>', 'role session name of a running workload')
    .option('--task <id>', 'task')
    .option('--audience <name>', 'resource server')
    .option('--resource <location>', 'permitted resource; db/* for db and its subtree')
    .option('--action <action>', 'permitted action, such as read or write')
    .option('--policy <id>', 'policy that decided')
    .option('--policy-bundle <hash>', 'policy bundle that decided')
    .option('--source-ip <address>', 'source address of the token request')
    .option('--issued-after <time>', 'earliest time of issue or denial')
    .option('--issued-before <time>', 'latest time of issue or denial')
    .option('--expires-after <time>', 'earliest expiry')
    .option('--expires-before <time>', 'latest expiry')
    .optionsGroup('Options:');
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

/** The request `GET /tokens`. */
export const listing = { method: 'GET', path: '/tokens', answer: tokenListResponse, nameOption } satisfies Partial<
  Exchange<z.ZodType, z.ZodType>
>;

/** The fields of a list request except those for paging. */
export type TokenFilter = Omit<z.input<typeof tokenListRequest>, 'limit' | 'cursor'>;

/**
 * Converts the filter options to request fields. The fields are not yet validated.
 *
 * @param now the base for durations, in milliseconds since the epoch
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
