#!/usr/bin/env node
import { readdirSync, readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { buildPolicyBundle, PolicyError } from '../core/policy-bundle.ts';
import { ConfigError, loadConfig } from '../lib/config.ts';
import { TvmStack } from '../lib/tvm-stack.ts';

const POLICIES = new URL('../policies/', import.meta.url);

/**
 * The CDK app. `-c stage=…` picks `config/<stage>.toml` (default: production); `-c issuer=…` overrides the issuer,
 * for deployments into an emulator whose address is known only then.
 */
function main(): void {
  const app = new App();
  const stage: string = app.node.tryGetContext('stage') ?? 'production';
  const issuer: string | undefined = app.node.tryGetContext('issuer');
  const config = loadConfig(new URL('../config/', import.meta.url), stage, issuer === undefined ? {} : { issuer });

  const policyFiles = readdirSync(POLICIES)
    .filter((name) => name.endsWith('.cedar'))
    .sort()
    .map((name) => ({ name: `policies/${name}`, text: readFileSync(new URL(name, POLICIES), 'utf8') }));
  const policyBundle = buildPolicyBundle(readFileSync(new URL('schema.cedarschema', POLICIES), 'utf8'), policyFiles);

  new TvmStack(app, `TokenVendingMachine-${stage}`, { config, policyBundle });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
}

try {
  main();
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof PolicyError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
