import { readCases } from '@tvm/gate/policies/cases/case-file.ts';
import { runCases } from '@tvm/gate/policies/cases/run-cases.ts';
import { describe, expect, it } from 'vitest';
import { SERVICE, usable } from './directory.ts';

const { bundle } = usable({
  'a.cedar': `@id("reads") @max_lifetime("5m") @network("office")
permit (principal == Workload::"${SERVICE}", action == Action::"read", resource in Resource::"db/t") when { context.audience == "db" };
@id("repairs") @require_reason
permit (principal == Workload::"${SERVICE}", action == Action::"write", resource in Resource::"db/t") when { context.audience == "db" };
@id("no-cards") forbid (principal, action, resource == Resource::"db/t/cards");`,
  'networks.yaml': 'office: { cidrs: [203.0.113.0/24] }\n',
});

function read(more: string) {
  return readCases({ name: 'a.test.yaml', text: `- name: a case\n  who: ${SERVICE}\n${more}` });
}

async function faults(more: string): Promise<string[]> {
  const { cases, flaws } = read(more);
  expect(flaws).toEqual([]);
  return (await runCases(bundle, cases)).results.flatMap((result) => result.faults);
}

describe('a case', () => {
  it.each([
    [
      '  asks: { read: db/t/x, audience: db }\n  expect: allowed\n  by: [reads]\n  token: { lifetime: 5m, networks: office }',
    ],
    ['  asks: { read: db/t/cards, audience: db }\n  expect: denied\n  by: [no-cards]'],
    ['  asks: { write: db/t, audience: db }\n  expect: denied\n  denial: reason_missing'],
    [
      '  asks: { write: db/t, audience: db, reason: why not }\n  expect: allowed\n  token: { single_use: false, networks: [] }',
    ],
    ['  asks: { read: [db/t, db/u], partial: true, audience: db }\n  expect: allowed\n  token: { read: [db/t] }'],
    ['  asks: { role: nobody, audience: db }\n  expect: denied\n  denial: role_unavailable'],
  ])('passes if the decision is as expected: %s', async (more) => {
    expect(await faults(more)).toEqual([]);
  });

  it.each([
    [
      '  asks: { read: db/t, audience: db }\n  expect: denied',
      /^expected denied, but allowed by "reads": read db\/t for 300 s with/,
    ],
    [
      '  asks: { read: db/u, audience: db }\n  expect: allowed',
      /^expected allowed, but denied: no policy permits read db\/u$/,
    ],
    [
      '  asks: { read: db/t/cards, audience: db }\n  expect: allowed',
      /^expected allowed, but denied by "no-cards": read db\/t\/cards$/,
    ],
    [
      '  asks: { read: db/t, audience: db }\n  expect: allowed\n  token: { lifetime: 10m }',
      /^expected lifetime 600, but allowed/,
    ],
    [
      '  asks: { read: db/t, audience: db, lifetime: 2d }\n  expect: allowed',
      /^is not a valid request: expires_in must be at most 86400/,
    ],
  ])('reports the actual decision: %s', async (more, fault) => {
    expect(await faults(more)).toEqual([expect.stringMatching(fault)]);
  });

  it('is decided with the data of a resource that only the policy names', async () => {
    const { bundle } = usable({
      'a.cedar': `@id("all") permit (principal, action, resource);
@id("holds-cards") forbid (principal, action, resource) when { Resource::"db/t/cards" in resource };`,
    });
    const text = (place: string, rest: string) =>
      `- name: a case\n  who: ${SERVICE}\n  asks: { read: ${place}, audience: db }\n${rest}\n`;
    const { cases } = readCases({
      name: 'a.test.yaml',
      text: `${text('db/t', '  expect: denied\n  by: [holds-cards]')}${text('db/u', '  expect: allowed\n  by: [all]')}`,
    });
    expect((await runCases(bundle, cases)).results.map((result) => result.faults)).toEqual([[], []]);
  });

  it('counts the policies that no case reaches', async () => {
    const { cases } = read('  asks: { read: db/t, audience: db }\n  expect: allowed');
    expect((await runCases(bundle, cases)).uncovered).toEqual(['repairs', 'no-cards']);
  });

  it.each([
    ['  asks: { read: db/t, audience: db }\n  expect: maybe', 4, 'expect must be allowed or denied'],
    [
      '  asks: { audience: db }\n  expect: denied',
      3,
      'asks must have read, write or both, with fields if wanted; or a role',
    ],
    ['  asks: { read: db/t }\n  expect: denied', 3, 'case "a case": asks.audience must be given'],
    ['  asks: { read: "db//t", audience: db }\n  expect: denied', 3, 'asks must be a name like'],
    ['  asks: { read: db/t, audience: db, lifetime: soon }\n  expect: denied', 3, 'lifetime must be a duration'],
    ['  asks: { read: db/t, audience: db }\n  expect: denied\n  until: now', 5, 'until is not a known key'],
    ['  asks: { read: db/t, audience: db }\n  expect: denied\n  token: {}', 5, 'token is for what is allowed'],
    ['  asks: { read: db/t, audience: db }\n  expect: denied\n  from: here', 5, 'from must be an IP address'],
  ])('that is invalid is reported with its line and a sentence: %s', (more, line, message) => {
    const { cases, flaws } = read(more);
    expect(cases).toEqual([]);
    expect(flaws).toEqual([
      { rule: 'policy/data-file', file: 'a.test.yaml', line, message: expect.stringContaining(message) },
    ]);
  });

  it('without a name is reported by its number', () => {
    const { flaws } = readCases({ name: 'a.test.yaml', text: '- nothing\n- who: root\n' });
    expect(flaws.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'case 1: must be a mapping of name, who, asks and expect',
        'case 2: name is missing; it must be a sentence',
      ]),
    );
  });

  it('has the ARN of a workload', () => {
    const { flaws } = readCases({
      name: 'a.test.yaml',
      text: '- name: x\n  who: root\n  asks: { read: a, audience: b }\n  expect: denied\n',
    });
    expect(flaws).toMatchObject([
      { line: 2, message: expect.stringMatching(/^case "x": who must be the ARN of an IAM role or user, a/) },
    ]);
  });
});
