import { readCases } from '@tvm/gate/policies/cases/case-file.ts';
import { runCases } from '@tvm/gate/policies/cases/run-cases.ts';
import { comparePolicies } from '@tvm/gate/policies/change/compare.ts';
import { checkPolicies } from '@tvm/gate/policies/check-policies.ts';
import { describe, expect, it } from 'vitest';
import { SCHEMA } from '#test/fakes/policies.ts';
import { files, usable } from './directory.ts';

const WITH_TRUST = { 'schema.cedarschema': SCHEMA };

function permit(who: string, when: string[] = [], others: Record<string, string> = {}): Record<string, string> {
  const conditions = ['context.audience == "db"', 'context.lifetime <= 300', ...when].join(' && ');
  const text = `@id("a") permit (${who}, action == Action::"read", resource == Resource::"db/t") when { ${conditions} };`;
  return { ...WITH_TRUST, 'a.cedar': text, ...others };
}

const IN_GITHUB = 'principal in Trust::"github"';
const PRODUCTION = 'principal has claims.environment && principal.claims.environment == "production"';

function changes(base: Record<string, string>, head: Record<string, string>) {
  const { widened, narrowed } = comparePolicies(usable(base), usable(head));
  const told = ({ workload, action, resource, of, detail }: (typeof widened)[number]) =>
    `${workload} ${action} ${resource}: ${of} ${detail}`.trim();
  return { widened: widened.map(told), narrowed: narrowed.map(told) };
}

describe('a change about federated workloads', () => {
  const ANY = 'any other workload of trust entry github read db/t:';

  it.each([
    ['a new entry', permit('principal == Workload::"github:repo:1"'), permit(IN_GITHUB), `${ANY} reach`],
    [
      'a condition on a claim that is removed',
      permit(IN_GITHUB, [PRODUCTION]),
      permit(IN_GITHUB),
      `${ANY} circumstances for example`,
    ],
    [
      'another value of a claim',
      permit(IN_GITHUB, [PRODUCTION]),
      permit(IN_GITHUB, [PRODUCTION.replace('"production"', '"test"')]),
      `${ANY} circumstances for example audience db, claim environment test`,
    ],
    [
      'a claim that may be missing',
      permit(IN_GITHUB, [PRODUCTION]),
      permit(IN_GITHUB, [
        'principal has claims && (if principal.claims has environment then principal.claims.environment == "production" else true)',
      ]),
      `${ANY} circumstances for example audience db, without claim environment`,
    ],
    [
      'an operator’s attribute of one workload',
      permit(IN_GITHUB, ['principal has team && principal.team == "orders"']),
      permit(IN_GITHUB, ['principal has team && principal.team == "orders"'], {
        'workloads.yaml': '"github:repo:1": { team: orders }',
      }),
      'github:repo:1 read db/t: reach',
    ],
  ])('is reported: %s', (_, base, head, widened) => {
    const found = changes(base, head);
    expect(found.widened).toContainEqual(expect.stringContaining(widened));
    expect(changes(head, base).narrowed).toContainEqual(expect.stringContaining(widened));
    expect(changes(base, base)).toEqual({ widened: [], narrowed: [] });
  });

  it('is reported of an entry only, not of AWS workloads', () => {
    const { widened } = changes(permit('principal in Trust::"gitlab"'), permit(IN_GITHUB));
    expect(widened).toEqual([expect.stringContaining(`${ANY} reach`)]);
  });

  it('of a role whose location contains a claim is reported', () => {
    const roles = (location: string) => ({
      'roles.yaml': `r: { authorization_details: [{ locations: ["${location}"], actions: [read] }] }`,
      'b.cedar': `@id("b") permit (${IN_GITHUB}, action == Action::"assume", resource == Role::"r");
        @id("c") permit (${IN_GITHUB}, action == Action::"read", resource in Resource::"repos");`,
    });
    const { widened } = changes(
      permit(IN_GITHUB, [], roles('repos/{claims.repository_id}/code')),
      permit(IN_GITHUB, [], roles('repos/{claims.repository_id}/*')),
    );
    expect(widened).toEqual([
      expect.stringMatching(/^any other workload of trust entry github assume role r: grants read repos/),
    ]);
  });
});

describe('the rules', () => {
  const rules = (texts: Record<string, string>) => checkPolicies(files(texts)).map(({ rule }) => rule);

  it.each([
    ['in the scope', permit(IN_GITHUB)],
    ['in a condition', permit('principal', [IN_GITHUB])],
    ['as a list', permit('principal', ['principal in [Trust::"github", Trust::"gitlab"]'])],
  ])('accept a permit that names a trust entry %s', (_, texts) => expect(rules(texts)).toEqual([]));

  it('report a permit that names no entry, which cannot be suppressed', () => {
    const open = permit('principal', [PRODUCTION]);
    expect(rules(open)).toEqual(['policy/any-trust']);
    const text = `// tvm-allow: policy/any-trust because we like it\n${open['a.cedar']}`;
    expect(rules({ ...open, 'a.cedar': text })).toContain('policy/any-trust');
  });

  it('find a permit of an entry that a forbid of the entry overrides', () => {
    const forbid = `@id("b") forbid (${IN_GITHUB}, action, resource in Resource::"db");`;
    const both = { ...permit(IN_GITHUB), 'ceiling.cedar': forbid };
    expect(rules(both)).not.toEqual([]);
    expect(rules({ ...both, 'ceiling.cedar': forbid.replace('"github"', '"gitlab"') })).toEqual([]);
  });

  it('find no dead grant in a role that is filled with claims', () => {
    const roles = {
      'roles.yaml': 'r: { authorization_details: [{ locations: ["repos/{claims.repository_id}"], actions: [read] }] }',
      'b.cedar': `@id("b") permit (principal == Workload::"github:repo:1", action == Action::"assume", resource == Role::"r") when { context.audience == "db" };
        @id("c") permit (${IN_GITHUB}, action == Action::"read", resource in Resource::"repos") when { context.audience == "db" };`,
    };
    expect(rules(permit(IN_GITHUB, [], roles))).toEqual([]);
  });
});

describe('a case of a federated workload', () => {
  const bundle = usable(permit(IN_GITHUB, [PRODUCTION])).bundle;
  const run = async (who: string, expected: string) => {
    const text = `- name: a case\n  who: ${who}\n  asks: { read: db/t, audience: db, lifetime: 5m }\n  expect: ${expected}\n`;
    const { cases, flaws } = readCases({ name: 'a.test.yaml', text });
    if (flaws.length > 0) return flaws.map(({ message }) => message);
    return (await runCases(bundle, cases)).results.flatMap(({ faults }) => faults);
  };

  it.each([
    ['{ trust: github, claims: { environment: production } }', 'allowed'],
    ['{ trust: github, subject: "repo:1", claims: { environment: production } }', 'allowed'],
    ['{ trust: github, claims: { environment: test } }', 'denied'],
    ['{ trust: github }', 'denied'],
    ['{ trust: gitlab, claims: { environment: production } }', 'denied'],
    ['"github:repo:1"', 'denied'],
  ])('%s is %s', async (who, expected) => {
    expect(await run(who, expected)).toEqual([]);
    expect(await run(who, expected === 'allowed' ? 'denied' : 'allowed')).toHaveLength(1);
  });

  it.each([
    ['{ trust: https }', /who\.trust must be a name of at most 32/],
    ['{ trust: github, claims: { "a.b": c } }', /who\.claims.* must be a name of/],
    ['{ trust: github, claim: {} }', /claim is not a known key/],
    ['{ claims: {} }', /trust/],
    ['{ trust: github, subject: "" }', /who must be the ARN of an IAM role or user, a federated subject, or a mapping/],
  ])('may not have %s', async (who, message) => {
    expect(await run(who, 'denied')).toEqual([expect.stringMatching(message)]);
  });
});
