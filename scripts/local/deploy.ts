import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { StackOutputs } from '../emulators/bridges.ts';
import type { Target } from '../emulators/target.ts';
import { runLogged } from '../tools/command.mjs';
import { Failure } from '../tools/failure.mjs';
import { root, shown } from '../tools/paths.mjs';
import { quietly } from './terminal.ts';
import { emulatorAt } from './which-emulator.ts';

const STACK = 'TokenVendingMachine-local';

/** The account of every emulator. The policies and the configuration of the stage `local` name it. */
const ACCOUNT = '000000000000';

/**
 * Bootstraps the account and runs the project's own `cdk deploy` for the stage `local`. In an existing deployment it
 * deploys only the changes.
 *
 * @param target the emulator and the credentials of the deployer
 * @param dir absolute path of the folder for all files that this writes: `<dir>/cdk.out`, `<dir>/cdk-home` and
 * `<dir>/logs/`; two deployments at the same time need two folders
 * @param progress runs each step and reports it
 */
export async function deploy(target: Target, dir: string, progress = quietly): Promise<StackOutputs> {
  const account = await deployingAccount(target);
  if (account !== ACCOUNT) {
    throw new Failure(
      `Your AWS credentials belong to account ${account}, but the local policies are for account ${ACCOUNT}: ` +
        'use other credentials, or none.',
    );
  }
  const env = cdkEnvironment(target, dir);
  const assembly = path.join(dir, 'cdk.out');
  const outputs = path.join(dir, 'outputs.json');
  const log = (step: string) => path.join(dir, 'logs', `cdk-${step}.log`);
  // The stage's configuration fixes the API's ID, here `tvm-local`, so the issuer is known before the deployment.
  const issuer = `${target.endpoint}/restapis/tvm-local/v1/_user_request_`;
  rmSync(outputs, { force: true });

  await progress('Bootstrapping and synthesizing', () =>
    Promise.all([
      // Not in the project's folder: `cdk bootstrap` would find the app there and synthesize it too.
      cdk(['bootstrap', `aws://${account}/${target.region}`], env, log('bootstrap'), dir),
      cdk(['synth', STACK, '-c', 'stage=local', '-c', `issuer=${issuer}`, '-q', '-o', assembly], env, log('synth')),
    ]),
  );
  const bridges = (await emulatorAt(target.endpoint))?.bridges;
  await bridges?.afterBootstrap(target, account);
  const ship = ['deploy', STACK, '--app', assembly, '--require-approval', 'never', '--outputs-file', outputs];
  await progress('Deploying the stack', () => cdk(ship, env, log('deploy')));
  const stack: StackOutputs = JSON.parse(readFileSync(outputs, 'utf8'))[STACK];
  await bridges?.afterDeploy(target, stack);
  return stack;
}

async function cdk(args: string[], env: NodeJS.ProcessEnv, log: string, cwd = root): Promise<void> {
  const { ok, output } = await runLogged(path.join(root, 'node_modules', '.bin', 'cdk'), [...args, '--no-notices'], {
    log,
    cwd,
    env,
  });
  if (ok) return;
  // The error of CDK or esbuild, or else the last line that the app printed before it exited.
  const cause = /(?:❌|\[ERROR\]|Error:) *(.+)/.exec(output) ?? /^(.+)\n.*Subprocess exited/m.exec(output);
  const what = `\`cdk ${args[0]}\` failed${cause?.[1] ? `: ${cause[1].trim()}` : ''}`;
  throw new Failure(`${what} (the full log is ${shown(log)}).`);
}

/** Returns the account. Throws a Failure if nothing responds at the endpoint. */
async function deployingAccount(target: Target): Promise<string> {
  const sts = new STSClient({ ...target, maxAttempts: 1 });
  try {
    const { Account } = await sts.send(new GetCallerIdentityCommand({}));
    if (Account) return Account;
  } catch (error) {
    throw new Failure(
      `The AWS endpoint ${target.endpoint} is not usable (${(error as Error).message || (error as Error).name}): ` +
        'start the emulator, or unset AWS_ENDPOINT_URL so that `npm start` starts one.',
    );
  }
  throw new Failure(`The AWS endpoint ${target.endpoint} returned no account ID.`);
}

/** Excludes the user's own AWS configuration, so that the CDK can never reach a real account. */
function cdkEnvironment({ endpoint, region, credentials }: Target, dir: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(own),
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken ? { AWS_SESSION_TOKEN: credentials.sessionToken } : {}),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    NO_PROXY: [process.env.NO_PROXY, new URL(endpoint).hostname].filter(Boolean).join(','),
    // The CLI keeps caches in the home folder and requests notices and version checks from the internet.
    CDK_HOME: path.join(dir, 'cdk-home'),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: 'true',
  };
}
