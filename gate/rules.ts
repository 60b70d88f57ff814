import { cloudFormationRules } from './cloudformation/rules.ts';
import { credentialRules } from './credentials/rules.ts';
import { fileRules, notJudged } from './file-rules.ts';
import { kubernetesRules } from './kubernetes/rules.ts';
import type { Rule } from './model/finding.ts';
import { policyFlawRules } from './policies/flaw-rules.ts';
import { policyRules } from './policies/rules.ts';
import { regoDenied } from './rego/rego-rule.ts';
import { suppressionRules } from './suppression.ts';

/** The rules whose findings can be suppressed, by area. */
const suppressible: readonly Rule[] = [
  ...kubernetesRules,
  ...cloudFormationRules,
  ...credentialRules,
  ...policyRules,
  regoDenied,
  notJudged,
];

/** All rules of the gate by id. */
export const rulesById: ReadonlyMap<string, Rule> = byId([
  ...suppressible,
  ...policyFlawRules,
  ...fileRules,
  ...suppressionRules,
]);

/** The ids of the rules that can be suppressed. */
export const suppressibleRules: ReadonlySet<string> = new Set(suppressible.map(({ id }) => id));

function byId(rules: readonly Rule[]): Map<string, Rule> {
  const known = new Map<string, Rule>();
  for (const rule of rules) {
    if (known.has(rule.id)) throw new Error(`two rules have the id ${rule.id}`);
    known.set(rule.id, rule);
  }
  return known;
}

/** Returns the rule with an id. */
export function ruleOf(id: string): Rule {
  const rule = rulesById.get(id);
  if (rule === undefined) throw new Error(`there is no rule ${id}`);
  return rule;
}
