import { readFileSync } from 'node:fs';
import { buildPolicyBundle } from '@tvm/core/policy/build-bundle.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import type { PolicyFile } from '@tvm/core/policy/flaw.ts';

/** The project's own schema, with federated workloads. */
export const SCHEMA = readFileSync(new URL('../../policies/schema.cedarschema', import.meta.url), 'utf8');

/** The same schema as it is without federated workloads, so that a permit need not tell them apart. */
export const AWS_SCHEMA = SCHEMA.replace('entity Trust;', '')
  .replace('entity Workload in [Trust]', 'entity Workload')
  .replace(/^ {2}claims\?: \{[^}]*\},\n/m, '');

/** Returns the files of a policy directory with {@link AWS_SCHEMA}: Cedar text, and other files by name. */
export function policyFiles(cedar: string, others: Record<string, string> = {}): PolicyFile[] {
  const files = { 'schema.cedarschema': AWS_SCHEMA, 'test.cedar': cedar, ...others };
  return Object.entries(files).map(([name, text]) => ({ name: `policies/${name}`, text }));
}

/** Returns the policy bundle of these files. */
export function policyBundle(cedar: string, others: Record<string, string> = {}): PolicyBundle {
  return buildPolicyBundle(policyFiles(cedar, others));
}
