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

/** What picks tokens out: the request's fields, and what they are here. */
const SELECTORS = {
  token_id: ['--token-id <id>', 'one token, by its id'],
  subject: ['--subject <arn>', 'tokens of this IAM role or user'],
  workload: [
    '--workload <name>',
    'tokens of one running workload, by its role session’s name: an instance, a task, a build',
  ],
  task: ['--task <id>', 'tokens that were asked for with this task'],
  audience: ['--audience <name>', 'tokens for this resource server'],
  resource: [
    '--resource <location>',
    'tokens that permit anything there: orders-db/orders, or orders-db/* for all below',
  ],
  policy: ['--policy <id>', 'tokens that this policy permitted, by its @id'],
  policy_bundle: ['--policy-bundle <hash>', 'tokens that these policies decided, by the bundle’s hash'],
  issued_before: ['--issued-before <time>', 'those vended until then: a time, or a duration ago: 10m'],
} as const;

const nameOption = namedBy({
  ...Object.fromEntries(Object.entries(SELECTORS).map(([field, [flags]]) => [field, flags.split(' ')[0] ?? ''])),
  all: '--all',
  block_for: '--block-for',
  reason: '--reason',
  allow_unknown: '--allow-unknown',
  dry_run: '--dry-run',
});

/** How long to wait before it is asked again how far it is, in milliseconds. */
const EVERY = 1_000;

const EXAMPLES = `
Of several options, all must hold. Doing it again changes nothing, and counts none.
The number of tokens goes to standard output when all are taken back; how far it is, to standard error.
Interrupted, it goes on by itself.

Without --subject or --token-id, it says how many tokens would be revoked and asks. Without a terminal, give --yes.
A name that no kept record, policy or workloads.yaml has is refused: exit code 6. With --allow-unknown, --subject blocks
a workload that has never asked for a token.

Examples:
  One token, by its id:
    $ tvm revoke-any --token-id 4a81ca62-404f-430e-871f-5710f1bd1ce7 --reason 'seen in a log'

  Every token of a workload vended until now; it gets no new one for two hours:
    $ tvm revoke-any --subject arn:aws:iam::123456789012:role/orders-service --block-for 2h --reason 'incident 42'

  Whatever may be done in a database, by tokens of one instance:
    $ tvm revoke-any --resource 'orders-db/*' --workload i-0abcd1234efgh5678

  All that a bad policy permitted:
    $ tvm revoke-any --policy contractors-read-orders --reason 'policy was too broad'

  How many tokens that would revoke, without revoking any:
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

/** Adds `tvm revoke-any`: an operator takes back whatever tokens are picked out. */
export function addRevokeAnyCommand(program: Command): void {
  const command = program
    .command('revoke-any')
    .summary('for operators: take back any tokens')
    .description('For operators: take back whatever tokens the options pick out, of those vended until now.');
  for (const [flags, description] of Object.values(SELECTORS)) command.option(flags, description);
  command
    .addOption(
      new Option('--all', 'every token there is').conflicts([
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
    .option('--block-for <duration>', 'how long the subject gets no new token: 2h, or 0 (without it: as configured)')
    .option('--reason <text>', 'why, for the audit')
    .option('--allow-unknown', 'revoke also if nothing known has the name: blocks a workload that has never asked')
    .option('--dry-run', 'change nothing, and say how many tokens would be revoked')
    .option('--yes', 'do not ask')
    .option('--no-wait', 'do not wait until all are taken back')
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
    throw usageFailure('which tokens? Say so by --subject or another option, or give --all', '--all');
  }
  checkRequest(revocationRequest, request, nameOption);
  const mustAsk = subject === undefined && tokenId === undefined && !dryRun && !yes;
  if (mustAsk && !canAsk()) {
    throw usageFailure('--yes must be given to revoke tokens of several workloads without a terminal', '--yes');
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
    process.stderr.write(`${subject} gets no new token until ${first.blocked_until.replace(/\.\d+Z$/, 'Z')}\n`);
  }
  const last = wait ? await untilDone(first, settings, output) : first;
  if (output === 'json') {
    writeJson(last);
    return;
  }
  if (last.status === 'running') process.stderr.write(`revocation ${last.revocation_id} goes on by itself\n`);
  else if (last.revoked === 0) process.stderr.write('there was no active token to take back\n');
  process.stdout.write(`${last.revoked}\n`);
}

/** What a dry run counted, for a person: `12 tokens of 3 workloads`. */
function describeCounted({ would_revoke, subjects, at_least }: RevocationDryRunResponse): string {
  const tokens = `${would_revoke} token${would_revoke === 1 ? '' : 's'}`;
  return `${at_least ? 'at least ' : ''}${tokens} of ${subjects} workload${subjects === 1 ? '' : 's'}`;
}

function writeCounted(counted: RevocationDryRunResponse, output: GlobalOptions['output']): void {
  if (output === 'json') {
    writeJson(counted);
    return;
  }
  process.stderr.write(`it would revoke ${describeCounted(counted)}; nothing was changed\n`);
  process.stdout.write(`${counted.would_revoke}\n`);
}

/** Asks how far it is until it is done. Only the first answer says until when the subject is blocked. */
async function untilDone(
  first: RevocationResponse,
  settings: Settings,
  output: GlobalOptions['output'],
): Promise<RevocationResponse> {
  let now = first;
  let told: number | undefined;
  while (now.status === 'running') {
    if (output !== 'json' && now.revoked !== told) {
      const tokens = `${now.revoked} token${now.revoked === 1 ? '' : 's'}`;
      process.stderr.write(`revocation ${first.revocation_id}: ${tokens} so far\n`);
      told = now.revoked;
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
