import { readFileSync } from 'node:fs';
import { buildPolicyBundle } from '@tvm/core/policy/build-bundle.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import type { PolicyFile } from '@tvm/core/policy/flaw.ts';

const SCHEMA = {
  name: 'policies/schema.cedarschema',
  text: readFileSync(new URL('../../policies/schema.cedarschema', import.meta.url), 'utf8'),
};

/** Returns the files of a policy directory with the project's own schema: Cedar text, and other files by name. */
export function policyFiles(cedar: string, others: Record<string, string> = {}): PolicyFile[] {
  const files = { 'test.cedar': cedar, ...others };
  return [SCHEMA, ...Object.entries(files).map(([name, text]) => ({ name: `policies/${name}`, text }))];
}

/** Returns the policy bundle of these files. */
export function policyBundle(cedar: string, others: Record<string, string> = {}): PolicyBundle {
  return buildPolicyBundle(policyFiles(cedar, others));
}
