import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditEventExamples } from '@tvm/contract/event-examples.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTvm } from '../../clients/cli/run-tvm.ts';

let work = '';
const at = (...names: string[]) => join(work, ...names);

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'tvm-policies-'));
  cpSync('policies', at('policies'), { recursive: true });
  cpSync('policies', at('wider'), { recursive: true });
  const orders = readFileSync(at('wider/orders.cedar'), 'utf8').replace(
    'context.lifetime <= 300',
    'context.lifetime <= 3600',
  );
  writeFileSync(at('wider/orders.cedar'), orders);
  const [issued] = auditEventExamples;
  writeFileSync(at('events.jsonl'), `${JSON.stringify(issued?.detail)}\nbroken\n${JSON.stringify(issued?.detail)}`);
  writeFileSync(at('empty.jsonl'), '');
});

afterAll(() => rmSync(work, { recursive: true }));

describe('tvm policy', { timeout: 30_000 }, () => {
  it('test passes for the project’s policies, and a case reaches each of them', async () => {
    const { code, stdout, stderr } = await runTvm(['policy', 'test', at('policies'), '--require-coverage']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/ok {3}orders-service reads orders\n.* passed, 0 failed; (\d+) of \1 policies reached\n$/s);
  });

  it('test exits with 1 if a case fails', async () => {
    const { code, stdout } = await runTvm(['policy', 'test', at('wider'), '--output', 'json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ failed: 1, uncovered: [] });
  });

  it('test names the file and line of an invalid case', async () => {
    writeFileSync(at('wider/bad.test.yaml'), '- name: x\n  who: nobody\n');
    const { code, stderr } = await runTvm(['policy', 'test', at('wider')]);
    rmSync(at('wider/bad.test.yaml'));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/bad\.test\.yaml:\d+: /) });
  });

  it('diff compares a revision with a directory and fails if access widens', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: work });
    git('init', '-q', '-b', 'main');
    git('add', 'policies');
    git('commit', '-qm', 'policies');
    const { code, stdout } = await runTvm(['policy', 'diff', 'main', 'wider', '--fail-on', 'widen'], { cwd: work });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\+ .*user\/orders-service write orders-db\/shipments: widened in lifetime: 5m → 1h$/m);
    expect((await runTvm(['policy', 'diff', 'wider', 'main:policies', '--fail-on', 'widen'], { cwd: work })).code).toBe(
      0,
    );
  });

  it.each([
    ['diff', 'nowhere', 'wider', /BASE "nowhere" is neither a directory nor a git revision/],
    ['replay', 'nowhere', '--policies=policies', /cannot read nowhere \(it does not exist\)/],
    ['unused', 'events.jsonl', '--since=soon', /--since "soon" must be a duration/],
  ])('%s %s %s exits with 2', async (command, first, second, message) => {
    const { code, stdout, stderr } = await runTvm(['policy', command, first, second], { cwd: work });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('replay reports lines that are not events and evaluates each other line once', async () => {
    const { code, stdout, stderr } = await runTvm([
      'policy',
      'replay',
      at('events.jsonl'),
      '--policies',
      at('policies'),
    ]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/events\.jsonl:2: is not JSON\n$/) });
    expect(stdout).toMatch(
      /would be denied: no policy permits it\n1 evaluated again, 1 would change\n1 line is not an audit event\n/,
    );
  });

  it('unused lists the permits that are in no record, and fails without records', async () => {
    const policies = ['--policies', at('policies')];
    const { stdout } = await runTvm(['policy', 'unused', at('events.jsonl'), '--since', '90d', ...policies]);
    expect(stdout).toMatch(/orders\.cedar:\d+: "orders-service-writes-shipments" is unused: not in any record\n/);
    const none = await runTvm(['policy', 'unused', at('empty.jsonl'), '--since', '90d', ...policies]);
    expect(none).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('have no issued token'),
    });
  });

  it('replay reports a file without events', async () => {
    const replayed = await runTvm(['policy', 'replay', at('empty.jsonl'), '--policies', at('policies')]);
    expect(replayed).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/empty\.jsonl has no Token Issued or Token Denied event/),
    });
  });

  it('unused reports a record with a time in the future', async () => {
    const [issued] = auditEventExamples;
    writeFileSync(at('future.jsonl'), JSON.stringify({ ...issued?.detail, time: '2999-01-01T00:00:00.000Z' }));
    const arguments_ = ['policy', 'unused', at('future.jsonl'), '--since', '90d', '--policies', at('policies')];
    const { code, stderr } = await runTvm(arguments_);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^1 record is dated in the future/) });
  });

  it.each(['test', 'diff'])('%s names a directory that has no schema', async (command) => {
    mkdirSync(at('bare'), { recursive: true });
    writeFileSync(at('bare/a.cedar'), '');
    const { code, stderr } = await runTvm(['policy', command, at('bare'), ...(command === 'diff' ? [at('bare')] : [])]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/directory \S+bare has no schema\.ced/),
    });
  });

  it('diff of revisions reports uncommitted changes', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: at('tree') });
    mkdirSync(at('tree'));
    cpSync('policies', at('tree/policies'), { recursive: true });
    git('init', '-q', '-b', 'main');
    git('add', 'policies');
    git('commit', '-qm', 'policies');
    const compared = () => runTvm(['policy', 'diff', 'main', 'HEAD'], { cwd: at('tree') });
    expect(await compared()).toMatchObject({ code: 0, stderr: '' });
    writeFileSync(at('tree/policies/new.cedar'), '// new\n');
    expect(await compared()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^policies has uncommitted changes/),
    });
  });

  it('diff --fail-on widen fails if the comparison is incomplete', async () => {
    for (const side of ['base', 'head']) cpSync('policies', at(side), { recursive: true });
    const any = (count: number, one: (number: number) => string) => Array.from({ length: count }, (_, n) => one(n));
    const policies = (audiences: number) =>
      any(
        audiences,
        (
          n,
        ) => `@id("a${n}") permit (principal == Workload::"arn:aws:iam::111122223333:role/x", action == Action::"read", resource == Resource::"x")
when { context.lifetime <= 300 && context.audience == "a${n}" && context.fields.names.contains("f${n}") };`,
      ).join('\n');
    writeFileSync(at('base/many.cedar'), policies(60));
    writeFileSync(at('head/many.cedar'), policies(59));
    const { code, stdout, stderr } = await runTvm(['policy', 'diff', at('base'), at('head'), '--fail-on', 'widen']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('0 widened') });
    expect(stderr).toMatch(/--fail-on widen fails: the comparison is incomplete/);
  });
});
