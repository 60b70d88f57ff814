import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { overAwsLimits } from '#lib/aws-limits.ts';
import { EVERYTHING, synthesize } from './synthesize.ts';

const accounts = (count: number) =>
  `trusted_accounts = ${JSON.stringify(Array.from({ length: count }, (_, i) => `${200_000_000_000 + i}`))}`;
const sources = (count: number, length: number) =>
  JSON.stringify(Array.from({ length: count }, (_, i) => `team.${i}.`.padEnd(length, 'x')));

const problemsOf = (toml: string, region?: string) => overAwsLimits(synthesize(toml).toJSON(), region);

describe('a part of the template beyond a limit of AWS', { timeout: 180_000 }, () => {
  it.each([
    ['by default', ''],
    ['with everything that it can add', EVERYTHING],
    ['with 200 accounts', accounts(200)],
  ])('is nothing %s', (_, toml) => {
    expect(problemsOf(toml)).toEqual([]);
  });

  it('may be the resource policy of the API', () => {
    expect(problemsOf(accounts(230))).toEqual([
      expect.stringMatching(
        /^trusted_accounts makes the resource policy of the API 8,\d{3} bytes long, and AWS allows 8,192: name fewer, or /,
      ),
    ]);
  });

  it('may be the environment of a function', () => {
    expect(problemsOf(`revocation_sources = ${sources(20, 256)}`)).toEqual([
      expect.stringMatching(
        /^revocation_sources makes the environment of revoke-tokens-by-event 5,\d{3} bytes long, and AWS allows 4,096: /,
      ),
    ]);
  });

  it('may be the managed policy of operators', () => {
    // The function's environment is longer still, so its message would come first.
    const { Resources } = synthesize(`revocation_sources = ${sources(30, 256)}`).toJSON();
    const policies = Object.entries<{ Type: string }>(Resources).filter(([, { Type }]) =>
      Type.includes('ManagedPolicy'),
    );
    expect(overAwsLimits({ Resources: Object.fromEntries(policies) })).toEqual([
      expect.stringMatching(
        /^revocation_sources makes the managed policy “[^”]+ as operator” 9,\d{3} characters long, and AWS allows 6,144: /,
      ),
    ]);
  });

  it('may be the pattern of a rule', () => {
    const alarms = Array.from(
      { length: 9 },
      (_, i) => `"${`${i}`.padEnd(250, 'a')}" = { all = true, reason = "alarm" }`,
    );
    expect(problemsOf(`[revoke_on.cloudwatch_alarm]\n${alarms.join('\n')}`)).toEqual([
      expect.stringMatching(
        /^revoke_on.cloudwatch_alarm makes the event pattern of the rule “[^”]+: cloudwatch_alarm” 2,\d{3} characters long, and AWS allows 2,048: /,
      ),
    ]);
  });

  it('may be the stack itself', () => {
    const receivers = Array.from({ length: 20 }, (_, i) => {
      return `[[security_event_receivers]]\nname = "r${i}"\nurl = "https://r.example.com/${i}"\naudience = "r${i}"`;
    });
    expect(problemsOf(receivers.slice(2).join('\n'))).toEqual([]);
    expect(problemsOf(receivers.join('\n'))).toEqual([
      expect.stringMatching(
        /^security_event_receivers makes the stack 5\d\d resources large, and AWS allows 500: name fewer$/,
      ),
    ]);
  });

  it('is measured with resolved references: ARNs of other partitions are longer', () => {
    expect(problemsOf(accounts(200), 'us-gov-west-1')).toEqual([expect.stringMatching(/^trusted_accounts makes /)]);
  });
});

it('synthesis fails with that sentence, and nothing else', async () => {
  const output = mkdtempSync(join(tmpdir(), 'tvm-limits-'));
  onTestFinished(() => rmSync(output, { recursive: true }));
  const context = { stage: 'production', issuer: `https://${'tokens.'.repeat(600)}example.com` };
  const synthesis = promisify(execFile)(process.execPath, ['bin/tvm.ts'], {
    env: { CDK_OUTDIR: output, CDK_CONTEXT_JSON: JSON.stringify(context) },
  });
  const failure = await synthesis.catch((error) => error);
  expect(failure.code).toBe(1);
  expect(failure.stderr).toMatch(
    /^config\/production\.toml: domain or issuer makes the environment of [a-z-]+ 4,\d{3} bytes long, and AWS allows 4,096: shorten it\n$/,
  );
}, 180_000);
