import { comparePolicies } from '@tvm/gate/policies/change/compare.ts';
import { trustChanges } from '@tvm/gate/policies/change/trust-changes.ts';
import { describe, expect, it } from 'vitest';
import { SCHEMA } from '#test/fakes/policies.ts';
import { readTrust } from '#test/support/proofs.ts';
import { usable } from './directory.ts';

const github = (more = '', required = '') => `github:
  preset: github
  require: { repository_id: "1", environment: [production, "stage-*"]${required} }
${more}`;
const entries = (text: string) => {
  const { value, problems } = readTrust(text);
  if (value === undefined) throw new Error(problems.join('\n'));
  return value;
};
const changes = (before: string, after: string) =>
  trustChanges(entries(before), entries(after)).map(({ wider, sentence }) => `${wider ? '+' : '-'} ${sentence}`);

describe('the changes of trust entries', () => {
  it('are none between equal files', () => {
    expect(changes(github(), github())).toEqual([]);
  });

  it.each([
    [
      'an entry',
      '',
      github(),
      [
        '+ github: proofs of https://token.actions.githubusercontent.com with repository_id "1", environment "production" or "stage-*" are now accepted as github:repo:{repository_id}',
      ],
      [
        '- github: proofs of https://token.actions.githubusercontent.com with repository_id "1", environment "production" or "stage-*" are no longer accepted',
      ],
    ],
    [
      'a value',
      github(),
      github().replace('[prod', '[test, prod'),
      ['+ github: environment may now also be "test"'],
      ['- github: environment may no longer be "test"'],
    ],
    [
      'a wider beginning',
      github(),
      github().replace('stage-*', 'stage*'),
      ['+ github: environment may now also be "stage*"'],
      ['- github: environment may no longer be "stage*"'],
    ],
    ['nothing by a value that a beginning covers', github(), github().replace('[prod', '[stage-1, prod'), [], []],
    [
      'any value',
      github('', ', ref_protected: "true"'),
      github(),
      ['+ github: ref_protected may now be anything, and no longer only "true"'],
      ['- github: ref_protected must now be "true"'],
    ],
    [
      'older proofs',
      github(),
      github('  max_age: 1h\n'),
      ['+ github: proofs may now be 1h old'],
      ['- github: proofs may now be 10m old'],
    ],
    [
      'replay',
      github(),
      github('  replay: allow\n'),
      ['+ github: the replay rule is now allow'],
      ['- github: the replay rule is now once'],
    ],
    [
      'longer tokens',
      github(),
      github('  outlive_proof: true\n'),
      ['+ github: tokens may now expire after the proof'],
      ['- github: tokens may no longer expire after the proof'],
    ],
    [
      'an algorithm',
      github(),
      github('  algorithms: [RS256, RS512]\n'),
      ['+ github: signatures with RS512 are now accepted'],
      ['- github: signatures with RS512 are no longer accepted'],
    ],
    [
      'any network',
      github('  from: [office]\n'),
      github(),
      ['+ github: requests may now come from any network'],
      ['- github: requests must now come from office'],
    ],
    [
      'a network',
      github('  from: [office]\n'),
      github('  from: [office, build]\n'),
      ['+ github: requests from build are now accepted'],
      ['- github: requests from build are no longer accepted'],
    ],
    [
      'an entry that was disabled',
      github('  disabled: true\n'),
      github(),
      [expect.stringMatching(/^\+ github: proofs of .* are now accepted as/)],
      [expect.stringMatching(/^- github: proofs of .* are no longer accepted$/)],
    ],
  ])('name %s in both directions', (_what, before, after, wider, narrower) => {
    expect(changes(before, after)).toEqual(wider);
    expect(changes(after, before)).toEqual(narrower);
  });

  it.each([
    ['issuer', '  issuer: https://token.actions.githubusercontent.com/acme\n', /of https:\/\/token/],
    ['audience', '  audience: other\n', /for the audience other/],
    ['source of keys', '  keys: { jwks_url: https://keys.example/jwks }\n', /with keys from https:\/\/keys\.example/],
    ['subject', '  subject: "owner:{repository_id}"\n', /of the form github:owner:\{repository_id\}/],
  ])('admit and refuse with another %s', (_what, more, wider) => {
    const [first, second] = changes(github(), github(more));
    expect(first).toMatch(/^\+ github: (proofs|subjects) .* are now accepted$/);
    expect(first).toMatch(wider);
    expect(second).toMatch(/^- github: (proofs|subjects) .* are no longer accepted$/);
  });

  it('name a kept claim that is read from another place', () => {
    const before = github('  claims: { team: [repository] }\n');
    expect(changes(before, before.replace('[repository]', '[workflow_ref]'))).toEqual([
      '+ github: the claim team is now read from workflow_ref, no longer from repository',
    ]);
  });

  it('are part of a comparison of policies', () => {
    const texts = { 'schema.cedarschema': SCHEMA };
    const { trust, widened } = comparePolicies(usable(texts), usable({ ...texts, 'trust.yaml': github() }));
    expect(widened).toEqual([]);
    expect(trust).toMatchObject([{ entry: 'github', wider: true }]);
  });
});
