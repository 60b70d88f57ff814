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
  at?: string;
}

/** The fields that only an operator's question has, and their options. */
const OPERATORS_OPTIONS = {
  source_ip: '--from-ip',
  vpc_endpoint: '--from-vpc-endpoint',
  organization: '--organization',
  time: '--at',
} as const;

const EXAMPLES = `
It is decided as tvm token would have it decided, and nothing is vended. Exits with 0 when it would be
allowed, with 3 when it would be denied.

Examples:
  Why is my request denied, and what could I ask for instead?
    $ tvm explain --action read write --location orders-db/orders --audience orders-db

  For operators: what may this workload do, from there, then?
    $ tvm explain --subject arn:aws:iam::123456789012:role/orders-service --role deployer \\
        --from-ip 203.0.113.7 --at "$(date -u +%Y-%m-%dT22:00:00Z)"
`;

/** Adds `tvm explain`: asks what a token request would get, and why. */
export function addExplainCommand(program: Command): void {
  addRequestOptions(program.command('explain'))
    .summary('ask whether a request would be allowed, and why')
    .description(
      'Ask what a request for a token would get, which policies decide, and what could be asked for instead.',
    )
    .option('--subject <arn>', 'for operators: decide for this IAM role or user')
    .addOption(new Option('--from-ip <address>', 'with --subject: as if asked from this address'))
    .addOption(new Option('--from-vpc-endpoint <id>', 'with --subject: as if asked through this VPC endpoint'))
    .addOption(new Option('--organization <id>', 'with --subject: the AWS organization of its account'))
    .addOption(new Option('--at <time>', 'with --subject: as if asked then, such as 2026-12-24T22:00:00Z'))
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => explain(command.optsWithGlobals()));
}

async function explain(options: ExplainOptions): Promise<void> {
  const answer = await ask(options);
  // Before anything is written: who reads the output may not read it to its end.
  process.exitCode = answer.allowed ? exitCodes.done : exitCodes.denied;
  if (options.output === 'json') writeJson(answer);
  else process.stdout.write(`${explanationLines(answer, process.stdout).join('\n')}\n`);
}

function ask(options: ExplainOptions) {
  const { subject, fromIp: source_ip, fromVpcEndpoint: vpc_endpoint, organization, at: time } = options;
  const asked = readRequest(options);
  const operators = { source_ip, vpc_endpoint, organization, time };
  if (subject === undefined) {
    for (const [field, option] of Object.entries(OPERATORS_OPTIONS)) {
      if (operators[field as keyof typeof operators] !== undefined) {
        throw usageFailure(`${option} is for operators: give --subject ARN too`, option);
      }
    }
    const nameOption = nameRequestOption(options);
    return exchange({ path: '/explain', request: explanationRequest, answer: explanation, nameOption }, asked, options);
  }
  const nameOption = nameRequestOption(options, { subject: '--subject', ...OPERATORS_OPTIONS });
  return exchange(
    { path: '/explain/any', request: anyExplanationRequest, answer: explanation, nameOption },
    { ...asked, subject, ...operators },
    options,
  );
}
