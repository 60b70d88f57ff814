import * as cedar from '@cedar-policy/cedar-wasm/nodejs';

/** A validated policy set, as it is shipped with the code that decides by it: policy text by `@id`. */
export interface PolicyBundle {
  policies: Record<string, string>;
}

/** A policy file: its name, for messages, and its text. */
export interface PolicyFile {
  name: string;
  text: string;
}

/** What is wrong with policy files: one sentence each, naming file and policy. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';

  constructor(findings: string[]) {
    super(findings.join('\n'));
  }
}

/**
 * Builds the policy bundle from Cedar files, each policy keyed by its unique `@id`.
 *
 * @param schema the Cedar schema's text
 * @throws {PolicyError} a syntax error, a template, a policy without an `@id` or with one that is taken, or a policy
 *   that does not validate against the schema; warnings count, since a policy that can never apply is a mistake
 * @see https://docs.cedarpolicy.com/policies/validation.html
 */
export function buildPolicyBundle(schema: string, files: readonly PolicyFile[]): PolicyBundle {
  const findings: string[] = [];
  const policies = new Map<string, { text: string; file: string }>();
  for (const { name: file, text } of files) {
    const parts = cedar.policySetTextToParts(text);
    if (parts.type === 'failure') {
      findings.push(...parts.errors.map((error) => `${file}${position(text, error)}: ${describe(error)}`));
      continue;
    }
    if (parts.policy_templates.length > 0) {
      findings.push(`${file}: policy templates are not supported; write the policies out`);
    }
    for (const policy of parts.policies) {
      const id = policyId(policy);
      if (id === undefined) {
        findings.push(
          `${file}: the policy "${policy.split('\n')[0]}" must have an @id("…") of letters, digits and -_.`,
        );
      } else if (policies.has(id)) {
        findings.push(`${file}: the @id "${id}" is taken by a policy in ${policies.get(id)?.file}; ids must be unique`);
      } else {
        policies.set(id, { text: policy, file });
      }
    }
  }
  const bundle = { policies: Object.fromEntries([...policies].map(([id, { text }]) => [id, text])) };
  findings.push(
    ...validate(schema, bundle).map(({ id, message }) => `${policies.get(id)?.file ?? 'schema'}: ${message}`),
  );
  if (findings.length > 0) throw new PolicyError(findings);
  return bundle;
}

function policyId(policy: string): string | undefined {
  const parsed = cedar.policyToJson(policy);
  const id = parsed.type === 'success' ? parsed.json.annotations?.id : undefined;
  return id !== undefined && /^[\w.-]{1,128}$/.test(id) ? id : undefined;
}

function validate(schema: string, bundle: PolicyBundle): { id: string; message: string }[] {
  const answer = cedar.validate({ schema, policies: { staticPolicies: bundle.policies } });
  if (answer.type === 'failure') return answer.errors.map((error) => ({ id: '', message: describe(error) }));
  const findings = [...answer.validationErrors, ...answer.validationWarnings];
  // One finding per action that a policy applies to would say the same thing twice.
  return [...new Map(findings.map(({ policyId: id, error }) => [id, { id, message: describe(error) }])).values()];
}

function describe(error: cedar.DetailedError): string {
  const expected = error.sourceLocations?.[0]?.label;
  return [error.message, expected, error.help].filter(Boolean).join('; ');
}

function position(text: string, error: cedar.DetailedError): string {
  const start = error.sourceLocations?.[0]?.start;
  return start === undefined ? '' : `:${Buffer.from(text).subarray(0, start).toString().split('\n').length}`;
}
