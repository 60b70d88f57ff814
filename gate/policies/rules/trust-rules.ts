import { isId, presetFor } from '@tvm/core/federation/compile-entry.ts';
import type { Preset } from '@tvm/core/federation/presets.ts';
import type { ClaimPath, TrustEntry } from '@tvm/core/federation/trust-entry.ts';
import { written } from '@tvm/core/settings/fault.ts';
import type { SourceFile } from '../../model/finding.ts';
import type { PolicyRule } from '../rule.ts';

function trust(text: string): SourceFile {
  return { name: 'policies/trust.yaml', text };
}

const GITHUB = `github:
  preset: github
  require: { repository_owner_id: "9919", repository_id: "1296269" }
`;

const OKTA = `okta:
  oidc:
    issuer: https://acme.okta.com
`;

/**
 * Returns a rule that checks each trust entry separately.
 *
 * @param fault returns the problem of an entry, as a clause that follows its name
 */
function ruleOfEntries(
  rule: Omit<PolicyRule, 'check'>,
  fault: (entry: TrustEntry, preset: Preset) => string | undefined,
): PolicyRule {
  return {
    ...rule,
    *check({ content }) {
      for (const [name, entry] of Object.entries(content.trust ?? {})) {
        const problem = fault(entry, presetFor(entry));
        if (problem !== undefined)
          yield { file: 'trust.yaml', entry: [name], message: `the entry "${name}" ${problem}` };
      }
    },
  };
}

const namesOnly = ruleOfEntries(
  {
    id: 'policy/trust-names-only',
    severity: 'error',
    title: 'a trust entry that identifies workloads only by names',
    why:
      'A name can be given to somebody else: a deleted account or repository, a renamed organization. The successor gets ' +
      'the permissions of its predecessor.',
    instead: 'Map the subject from an id that the issuer never gives again, such as `{sub}`.',
    failing: trust(`${OKTA}    subject: "{preferred_username}"\n`),
    passing: trust(`${OKTA}    subject: "{sub}"\n`),
  },
  ({ subject }, preset) => {
    const mapped = subject.filter((part) => typeof part !== 'string');
    // If the issuer had a better identifier, its preset would map the subject from it.
    if (preset.subject === templateOf(subject) || mapped.some((path) => isId(path, preset))) return undefined;
    return `identifies workloads by ${mapped.map((path) => written(path)).join(', ')}, which somebody else can get`;
  },
);

function templateOf(subject: TrustEntry['subject']): string {
  return subject.map((part) => (typeof part === 'string' ? part : `{${part.join('.')}}`)).join('');
}

const noOrganization = ruleOfEntries(
  {
    id: 'policy/trust-no-organization',
    severity: 'warning',
    title: 'a shared issuer without the id of an organization',
    why:
      'All organizations share the issuer. A repository, project or pipeline keeps its id when it moves to another ' +
      'organization, whose members can then get tokens.',
    instead: 'Require the id of your organization, too.',
    failing: trust('github:\n  preset: github\n  require: { repository_id: "1296269" }\n'),
    passing: trust(GITHUB),
  },
  ({ issuer, require }, { organization, issuer: { default: shared } }) => {
    if (organization === undefined || issuer !== shared || isRequired(require, organization)) return undefined;
    return `does not require ${written(organization)}, although all organizations share its issuer`;
  },
);

function isRequired(require: TrustEntry['require'], path: ClaimPath): boolean {
  return require.some((required) => required.prefixes.length === 0 && written(required.path) === written(path));
}

const wildcard = ruleOfEntries(
  {
    id: 'policy/trust-wildcard',
    severity: 'warning',
    title: 'a required claim with a wildcard in the middle of a name',
    why: '`acme*` matches `acme-app`, but also the `acme-evil` of anybody else.',
    instead: 'End the text before the `*` with a `/` or a `:`, or list the values. Ids never have a `*`.',
    failing: trust(GITHUB.replace(' }', ', ref: "refs/heads/release*" }')),
    passing: trust(GITHUB.replace(' }', ', ref: "refs/heads/release/*" }')),
  },
  ({ require }) => {
    const open = require.flatMap(({ path, prefixes }) =>
      prefixes.filter((prefix) => !/[/:]$/.test(prefix)).map((prefix) => `${written(path)} "${prefix}*"`),
    );
    return open.length === 0 ? undefined : `accepts ${open.join(' and ')}, which also matches longer names of others`;
  },
);

/** Audiences for which many services accept proofs. */
const SHARED_AUDIENCES = [
  /^sts\.amazonaws\.com$/,
  /^api:\/\/AzureADTokenExchange$/i,
  /^https:\/\/(github\.com|gitlab\.com|accounts\.google\.com|iam\.googleapis\.com)\b/,
  /^https:\/\/kubernetes\.default\.svc/,
  /^(vault|sigstore|kubernetes|aws|gcp|azure)(\.workload\.identity)?$/,
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
];

const sharedAudience = ruleOfEntries(
  {
    id: 'policy/trust-shared-audience',
    severity: 'warning',
    title: 'an audience that other services accept, too',
    why:
      'A workload sends the same proof to every service with this audience. Each of them, and everybody who reads the proof ' +
      'there, can then get tokens as the workload.',
    instead: 'Omit `audience`, and request proofs for the issuer URL of this service.',
    failing: trust(`${GITHUB}  audience: sts.amazonaws.com\n`),
    passing: trust(GITHUB),
  },
  ({ audience, issuer }) =>
    audience !== undefined && (audience === issuer || SHARED_AUDIENCES.some((shared) => shared.test(audience)))
      ? `accepts proofs for "${audience}", which other services accept, too`
      : undefined,
);

const outlivesProof = ruleOfEntries(
  {
    id: 'policy/trust-outlives-proof',
    severity: 'warning',
    title: 'tokens that may expire after the proof',
    why: 'The issuer no longer vouches for the workload, for example because its job has ended, but its tokens are valid.',
    instead: 'Omit `outlive_proof`, and let the workload exchange a new proof.',
    failing: trust(`${GITHUB}  outlive_proof: true\n`),
    passing: trust(GITHUB),
  },
  ({ outliveProof }) => (outliveProof ? 'lets tokens expire after the proof' : undefined),
);

/** The rules about trust entries. */
export const trustRules: readonly PolicyRule[] = [namesOnly, noOrganization, wildcard, sharedAudience, outlivesProof];
