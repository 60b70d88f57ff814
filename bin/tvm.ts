#!/usr/bin/env node
import { readdirSync, readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { buildPolicyBundle } from '../core/policy/build-bundle.ts';
import { PolicyError } from '../core/policy/flaw.ts';
import { overAwsLimits } from '../lib/aws-limits.ts';
import { conditionFiles } from '../lib/condition-files.ts';
import { ConfigError, loadConfig } from '../lib/config.ts';
import { GLOBAL_EVENTS_REGION, GlobalEventsStack, needsGlobalEvents } from '../lib/global-events-stack.ts';
import { TvmStack } from '../lib/tvm-stack.ts';

const PROJECT = new URL('../', import.meta.url);
const POLICIES = new URL('policies/', PROJECT);

/**
 * The CDK app. `-c stage=…` picks `config/<stage>.toml` (default: production); `-c issuer=…` overrides the issuer,
 * for deployments into an emulator whose address is known only then.
 */
async function main(): Promise<void> {
  const app = new App();
  const stage: string = app.node.tryGetContext('stage') ?? 'production';
  const issuer: string | undefined = app.node.tryGetContext('issuer');
  const config = loadConfig(new URL('config/', PROJECT), stage, issuer === undefined ? {} : { issuer });

  const policyFiles = readdirSync(POLICIES, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()
    .map((name) => ({ name: `policies/${name}`, text: readFileSync(new URL(name, POLICIES), 'utf8') }));
  const policyBundle = buildPolicyBundle(policyFiles);

  new TvmStack(app, `TokenVendingMachine-${stage}`, {
    config,
    policyBundle,
    conditionFiles: await conditionFiles(config.conditions, PROJECT),
  });
  // The CLI says where it deploys to, unless nobody has told it: https://docs.aws.amazon.com/cdk/v2/guide/configure-env.html
  const machineRegion = process.env.CDK_DEFAULT_REGION;
  if (machineRegion && config.emulator === undefined && needsGlobalEvents(config.revoke_on, machineRegion)) {
    new GlobalEventsStack(app, `TokenVendingMachine-${stage}-global-events`, {
      env: { region: GLOBAL_EVENTS_REGION },
      revokeOn: config.revoke_on,
      machineRegion,
    });
  }
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const tooLong = app.synth().stacks.flatMap(({ template }) => overAwsLimits(template, machineRegion));
  if (tooLong.length > 0) throw new ConfigError(tooLong.map((one) => `config/${stage}.toml: ${one}`).join('\n'));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof PolicyError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
