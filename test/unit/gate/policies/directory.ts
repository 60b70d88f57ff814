import type { ReadPolicies } from '@tvm/core/policy/build-bundle.ts';
import { readPolicies } from '@tvm/core/policy/build-bundle.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import type { SourceFile } from '@tvm/gate/model/finding.ts';
import { AWS_SCHEMA } from '#test/fakes/policies.ts';

/** Returns a policy directory with the given files and the project's schema without federated workloads. */
export function files(texts: Record<string, string>): SourceFile[] {
  const all = { 'schema.cedarschema': AWS_SCHEMA, ...texts };
  return Object.entries(all).map(([name, text]) => ({ name: `policies/${name}`, text }));
}

/** Reads a policy directory. An error in the files fails the test. */
export function usable(texts: Record<string, string>): ReadPolicies & { bundle: PolicyBundle } {
  const read = readPolicies(files(texts));
  if (read.bundle === undefined) throw new Error(JSON.stringify(read.flaws));
  return { ...read, bundle: read.bundle };
}

export const SERVICE = 'arn:aws:iam::111122223333:role/orders-service';
export const CI = 'arn:aws:iam::111122223333:role/ci';
