import { anyExplanationRequest, explanation, explanationRequest } from '@tvm/contract/explanation.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { type Command, Option } from 'commander';
import { exchange } from '../connection/exchange.ts';
import { exitCodes } from '../connection/failure.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { explanationLines } from './explanation-lines.ts';
import { addRequestOptions, nameRequestOption, type RequestOptions, readRequest } from './request-options.ts';

interface ExplainOptions extends RequestOptions, GlobalOptions {
  subject?: string;
  fromIp?: string;
  fromVpcEndpoint?: string;
  organization?: string;
  claims?: string;
  at?: string;
}

/** The options of request fields that only operators may send. */
const OPERATORS_OPTIONS = {
  source_ip: '--from-ip',
  vpc_endpoint: '--from-vpc-endpoint',
  organization: '--organization',
  claims: '--claims',
  time: '--at',
} as const;

const EXAMPLES = `
Evaluates the request as tvm token does, but issues no token. Exits with 0 if
the request would be allowed, with 3 if it would be denied.

Examples:
  Find out why a request is denied, and what to request instead:
    $ tvm explain --action read write --location orders-db/orders \\
        --audience orders-db

  For operators: find out what a workload may do at a given address and time:
    $ tvm explain --subject arn:aws:iam::123456789012:role/orders-service \\
        --role deployer --from-ip 203.0.113.7 \\
        --at "$(date -u +%Y-%m-%dT22:00:00Z)"
`;

/** Adds `tvm explain`, which explains the decision on a token request. */
export function addExplainCommand(program: Command): void {
  addRequestOptions(program.command('explain'))
    .summary('explain whether a token request would be allowed')
    .description(
      'Explain whether a token request would be allowed, which policies decide, and what to request instead.',
    )
    .optionsGroup('Options for operators:')
    .option('--subject <subject>', 'IAM role or user of the request, or a federated subject')
    .addOption(
      new Option('--from-ip <address>', 'source address, with --subject').default(undefined, 'your own address'),
    )
    .option('--from-vpc-endpoint <id>', 'VPC endpoint, with --subject')
    .option('--organization <id>', 'AWS organization of the account, with --subject')
    .option('--claims <json>', 'claims of a federated workload, with --subject')
    .addOption(
      new Option('--at <time>', 'time of the request, with --subject; such as 2026-12-24T22:00:00Z').default(
        undefined,
        'now',
      ),
    )
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => explain(command.optsWithGlobals()));
}

async function explain(options: ExplainOptions): Promise<void> {
  const answer = await requestExplanation(options);
  // Set the exit code before writing: the reader of the output may close the pipe early.
  process.exitCode = answer.allowed ? exitCodes.done : exitCodes.denied;
  if (options.output === 'json') writeJson(answer);
  else process.stdout.write(`${explanationLines(answer, process.stdout).join('\n')}\n`);
}

function requestExplanation(options: ExplainOptions) {
  const { subject, fromIp: source_ip, fromVpcEndpoint: vpc_endpoint, organization, at: time } = options;
  const request = readRequest(options);
  const claims = options.claims === undefined ? undefined : readClaims(options.claims);
  const operators = { source_ip, vpc_endpoint, organization, claims, time };
  if (subject === undefined) {
    for (const [field, option] of Object.entries(OPERATORS_OPTIONS)) {
      if (operators[field as keyof typeof operators] !== undefined) {
        throw usageFailure(`${option} requires --subject`, option);
      }
    }
    const nameOption = nameRequestOption(options);
    return exchange(
      { path: '/explain', request: explanationRequest, answer: explanation, nameOption },
      request,
      options,
    );
  }
  const nameOption = nameRequestOption(options, { subject: '--subject', ...OPERATORS_OPTIONS });
  return exchange(
    { path: '/explain/any', request: anyExplanationRequest, answer: explanation, nameOption },
    { ...request, subject, ...operators },
    options,
  );
}

/** Parses the claims. They are not yet validated. */
function readClaims(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw usageFailure('--claims must be a JSON object, such as {"environment":"production"}', '--claims');
  }
}
