#!/usr/bin/env node
import { readdirSync, readFileSync } from 'node:fs';
import { buildPolicyBundle } from '@tvm/core/policy/build-bundle.ts';
import { PolicyError } from '@tvm/core/policy/flaw.ts';
import { Annotations, App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { overAwsLimits } from '#lib/aws-limits.ts';
import { authorizerFiles } from '#lib/config/authorizer-files.ts';
import { ConfigError, loadConfig } from '#lib/config/config.ts';
import { EMULATOR_ACCOUNT, partitionOf } from '#lib/config/target-faults.ts';
import { GLOBAL_EVENTS_REGION, GlobalEventsStack, needsGlobalEvents } from '#lib/global-events-stack.ts';
import { TvmStack } from '#lib/tvm-stack.ts';

const PROJECT = new URL('../', import.meta.url);
const POLICIES = new URL('policies/', PROJECT);

/**
 * The CDK app. `-c stage=…` selects `config/<stage>.toml` (default: production). `-c issuer=…` overrides the issuer,
 * because the address of an emulator is known only when it is deployed to.
 */
async function main(): Promise<void> {
  const app = new App();
  const stage: string = app.node.tryGetContext('stage') ?? 'production';
  const issuer: string | undefined = app.node.tryGetContext('issuer');
  const policyFiles = readdirSync(POLICIES, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()
    .map((name) => ({ name: `policies/${name}`, text: readFileSync(new URL(name, POLICIES), 'utf8') }));

  // The CDK CLI sets these variables if it knows the target:
  // https://docs.aws.amazon.com/cdk/v2/guide/configure-env.html
  const { CDK_DEFAULT_REGION: region, CDK_DEFAULT_ACCOUNT: account } = process.env;
  const overrides = issuer === undefined ? {} : { issuer };
  const mistakes: string[] = [];
  const config = read(() => loadConfig(new URL('config/', PROJECT), stage, overrides, { region, account }), mistakes);
  const policyBundle = read(
    () => buildPolicyBundle(policyFiles, partitionOf(config?.emulator ? undefined : region)),
    mistakes,
  );
  if (config === undefined || policyBundle === undefined) throw new ConfigError(mistakes.join('\n'));

  const stack = new TvmStack(app, `TokenVendingMachine-${stage}`, {
    config,
    policyBundle,
    authorizerFiles: await authorizerFiles(config.conditions, PROJECT),
  });
  const demo = policyFiles.filter(({ text }) => text.includes(EMULATOR_ACCOUNT)).map(({ name }) => name);
  if (config.emulator === undefined && demo.length > 0) {
    const sentence = `${demo.join(', ')} name account ${EMULATOR_ACCOUNT}, which exists only in the local demo: replace these policies with your own`;
    Annotations.of(stack).addWarningV2('token-vending-machine:demo-policies', sentence);
  }
  if (region && config.emulator === undefined && needsGlobalEvents(config.revoke_on, region)) {
    new GlobalEventsStack(app, `TokenVendingMachine-${stage}-global-events`, {
      env: { region: GLOBAL_EVENTS_REGION },
      revokeOn: config.revoke_on,
      serviceRegion: region,
    });
  }
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const tooLong = app.synth().stacks.flatMap(({ template }) => overAwsLimits(template, region));
  if (tooLong.length > 0) throw new ConfigError(tooLong.map((one) => `config/${stage}.toml: ${one}`).join('\n'));
}

/** Calls a reader. A mistake is added to `mistakes`, so that all mistakes are reported together. */
function read<T>(reader: () => T, mistakes: string[]): T | undefined {
  try {
    return reader();
  } catch (error) {
    if (!isMistake(error)) throw error;
    mistakes.push(error.message);
    return undefined;
  }
}

/** Reports whether an error is a mistake in the project's files. Such errors are printed without a stack trace. */
function isMistake(error: unknown): error is Error {
  return error instanceof ConfigError || error instanceof PolicyError;
}

try {
  await main();
} catch (error) {
  if (!isMistake(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
