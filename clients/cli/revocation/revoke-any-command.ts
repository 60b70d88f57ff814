import { setTimeout as sleep } from 'node:timers/promises';
import { parseDuration, writeDuration } from '@tvm/contract/duration.ts';
import { limits } from '@tvm/contract/limits.ts';
import {
  type RevocationDryRunResponse,
  type RevocationResponse,
  revocationDryRunResponse,
  revocationRequest,
  revocationResponse,
} from '@tvm/contract/revocation.ts';
import { canAsk, confirm } from '@tvm/terminal/confirm.ts';
import { Failure, usageFailure } from '@tvm/terminal/failure.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { type Command, Option } from 'commander';
import { exitCodes } from '../connection/failure.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { readMoment } from '../connection/moment-option.ts';
import { checkRequest, namedBy } from '../connection/name-option.ts';
import { send } from '../connection/send.ts';
import { resolveSettings, type Settings } from '../connection/settings.ts';

/** The fields of a selector, and their options. */
const SELECTORS = {
  token_id: ['--token-id <id>', 'id of one token'],
  subject: ['--subject <subject>', 'IAM role or user of the workload, or a federated subject'],
  workload: ['--workload <name>', 'role session name: an instance, a task or a build'],
  task: ['--task <id>', 'task that the token was requested for'],
  audience: ['--audience <name>', 'resource server'],
  resource: ['--resource <location>', 'permitted resource: orders-db/orders, or orders-db/* for a subtree'],
  policy: ['--policy <id>', '@id of a policy that permitted the token'],
  policy_bundle: ['--policy-bundle <hash>', 'hash of the policy bundle that decided'],
  issued_before: ['--issued-before <time>', 'latest time of issue, or a duration before now such as 10m'],
} as const;

const nameOption = namedBy({
  ...Object.fromEntries(Object.entries(SELECTORS).map(([field, [flags]]) => [field, flags.split(' ')[0] ?? ''])),
  all: '--all',
  block_for: '--block-for',
  reason: '--reason',
  allow_unknown: '--allow-unknown',
  dry_run: '--dry-run',
});

/** The interval between requests for the status of a revocation, in milliseconds. */
const EVERY = 1_000;

const EXAMPLES = `
A token must match every selector. The command is idempotent: tokens that are
already revoked are not counted. It writes the number of revoked tokens to
standard output when the revocation is complete, and progress to standard
error. If you interrupt the command, the service completes the revocation.

Without --subject or --token-id, the command shows how many tokens match and
asks for confirmation. Without a terminal, --yes is required. A name that
appears in no stored record, policy or workloads.yaml is rejected with exit
code 6. To block a workload that has never requested a token, use --subject
with --allow-unknown.

Examples:
  Revoke one token:
    $ tvm revoke-any --token-id 4a81ca62-404f-430e-871f-5710f1bd1ce7 \\
        --reason 'seen in a log'

  Revoke all tokens of a workload, and block it for two hours:
    $ tvm revoke-any --subject arn:aws:iam::123456789012:role/orders-service \\
        --block-for 2h --reason 'incident 42'

  Revoke all tokens of one instance for a database:
    $ tvm revoke-any --resource 'orders-db/*' --workload i-0abcd1234efgh5678

  Revoke all tokens that a policy permitted:
    $ tvm revoke-any --policy contractors-read-orders --reason 'too broad'

  Count these tokens without revoking them:
    $ tvm revoke-any --policy contractors-read-orders --dry-run
`;

interface RevokeAnyOptions extends GlobalOptions {
  tokenId?: string;
  subject?: string;
  workload?: string;
  task?: string;
  audience?: string;
  resource?: string;
  policy?: string;
  policyBundle?: string;
  issuedBefore?: string;
  all?: boolean;
  blockFor?: string;
  reason?: string;
  allowUnknown?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  wait: boolean;
}

/** Adds `tvm revoke-any`, with which an operator revokes all tokens that match selectors. */
export function addRevokeAnyCommand(program: Command): void {
  const command = program
    .command('revoke-any')
    .summary('revoke the tokens of any workload')
    .description('Revoke all tokens that match the selectors and were issued until now.')
    .optionsGroup('Selectors:');
  for (const [flags, description] of Object.values(SELECTORS)) command.option(flags, description);
  command
    .addOption(
      new Option('--all', 'all tokens').conflicts([
        'tokenId',
        'subject',
        'workload',
        'task',
        'audience',
        'resource',
        'policy',
        'policyBundle',
      ]),
    )
    .optionsGroup('Options:')
    .addOption(
      new Option('--block-for <duration>', 'how long the subject gets no new tokens: 2h, or 0 for no block').default(
        undefined,
        'configured by the service',
      ),
    )
    .option('--reason <text>', 'reason for the audit log')
    .option('--allow-unknown', 'do not check that the name is known')
    .option('--dry-run', 'only count the matching tokens')
    .option('--yes', 'do not ask for confirmation')
    .option('--no-wait', 'do not wait until the revocation is complete')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => revokeAny(command.optsWithGlobals()));
}

async function revokeAny(options: RevokeAnyOptions): Promise<void> {
  const { tokenId, policyBundle, issuedBefore, blockFor, allowUnknown, dryRun, yes, wait, output } = options;
  const { subject, workload, task, audience, resource, policy, all, reason } = options;
  const sameName = { subject, workload, task, audience, resource, policy, all, reason };
  const request = {
    ...sameName,
    token_id: tokenId,
    policy_bundle: policyBundle,
    issued_before: readMoment('--issued-before', issuedBefore, Date.now()),
    block_for: readBlock(blockFor),
    allow_unknown: allowUnknown,
  };
  const { reason: _, block_for, issued_before, allow_unknown, ...picks } = request;
  if (Object.values(picks).every((value) => value === undefined)) {
    throw usageFailure('no selector: give --subject or another selector, or --all for all tokens', '--all');
  }
  checkRequest(revocationRequest, request, nameOption);
  const mustAsk = subject === undefined && tokenId === undefined && !dryRun && !yes;
  if (mustAsk && !canAsk()) {
    throw usageFailure('--yes is required to revoke tokens of several workloads without a terminal', '--yes');
  }
  const settings = await resolveSettings(options);
  const way = { path: '/revocations' };
  const count = () => send(settings, way, { ...request, dry_run: true }, revocationDryRunResponse, nameOption);
  if (dryRun) {
    writeCounted(await count(), output);
    return;
  }
  if (mustAsk && !(await confirm(`Revoke ${describeCounted(await count())}?`))) {
    throw new Failure('nothing was revoked', { code: 'not_confirmed', exitCode: exitCodes.usage });
  }
  const first = await send(settings, way, request, revocationResponse, nameOption);
  if (first.blocked_until !== undefined && output !== 'json') {
    process.stderr.write(`${subject} gets no new tokens until ${first.blocked_until.replace(/\.\d+Z$/, 'Z')}\n`);
  }
  const last = wait ? await untilDone(first, settings, output) : first;
  if (output === 'json') {
    writeJson(last);
    return;
  }
  if (last.status === 'running') process.stderr.write(`revocation ${last.revocation_id} continues in the service\n`);
  else if (last.revoked === 0) process.stderr.write('no active token matched\n');
  process.stdout.write(`${last.revoked}\n`);
}

/** Describes the result of a dry run, such as `12 tokens of 3 workloads`. */
function describeCounted({ would_revoke, subjects, at_least }: RevocationDryRunResponse): string {
  const tokens = `${would_revoke} token${would_revoke === 1 ? '' : 's'}`;
  return `${at_least ? 'at least ' : ''}${tokens} of ${subjects} workload${subjects === 1 ? '' : 's'}`;
}

function writeCounted(counted: RevocationDryRunResponse, output: GlobalOptions['output']): void {
  if (output === 'json') {
    writeJson(counted);
    return;
  }
  process.stderr.write(`this would revoke ${describeCounted(counted)}; nothing was changed\n`);
  process.stdout.write(`${counted.would_revoke}\n`);
}

/** Polls a revocation until it is complete. Only the first response has the expiry of the subject's block. */
async function untilDone(
  first: RevocationResponse,
  settings: Settings,
  output: GlobalOptions['output'],
): Promise<RevocationResponse> {
  let now = first;
  let reported: number | undefined;
  while (now.status === 'running') {
    if (output !== 'json' && now.revoked !== reported) {
      const tokens = `${now.revoked} token${now.revoked === 1 ? '' : 's'}`;
      process.stderr.write(`revocation ${first.revocation_id}: ${tokens} so far\n`);
      reported = now.revoked;
    }
    await sleep(EVERY);
    const way = { method: 'GET', path: `/revocations/${first.revocation_id}` } as const;
    now = { ...now, ...(await send(settings, way, {}, revocationResponse, nameOption)) };
  }
  return now;
}

function readBlock(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^0s?$/.test(text) ? 0 : parseDuration(text);
  if (seconds === undefined) {
    throw usageFailure(`--block-for ${JSON.stringify(text)} must be a duration such as 15m or 2h, or 0`, '--block-for');
  }
  if (seconds > limits.block) {
    throw usageFailure(`--block-for must be at most ${writeDuration(limits.block)}`, '--block-for');
  }
  return seconds;
}
