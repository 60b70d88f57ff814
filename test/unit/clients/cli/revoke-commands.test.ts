import { describe, expect, it } from 'vitest';
import { runTvmInTerminal } from './run-tvm.ts';
import { useStubService } from './stub-service.ts';

const service = useStubService();

const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';
const ID = '4a81ca62-404f-430e-871f-5710f1bd1ce7';

describe('tvm revoke', { timeout: 20_000 }, () => {
  it.each([
    ['an argument', [TOKEN], '', { token: TOKEN }],
    ['standard input', [], `${TOKEN}\n`, { token: TOKEN }],
    ['an id', ['--token-id', ID], '', { token_id: ID }],
  ])('revokes a token of the caller, named by %s', async (_what, args, stdin, body) => {
    const { code, stdout, stderr } = await service.tvm(['revoke', ...args], { stdin });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'the token is no longer active\n' });
    expect(service.asked).toMatchObject([{ path: '/v1/revoke', body }]);
  });

  it('reports a denial for a token of another workload', async () => {
    const error = { error: 'invalid_grant', error_description: 'the token was issued to another workload' };
    service.next = { status: 400, body: { ...error, request_id: 'r-1' } };
    const { code, stderr } = await service.tvm(['revoke', TOKEN]);
    expect(code).toBe(3);
    expect(stderr).toBe('tvm: refused: the token was issued to another workload (invalid_grant, request r-1)\n');
  });

  it.each([
    [[TOKEN, '--token-id', ID], 'give either TOKEN or --token-id, not both'],
    [['--token-id', '7'], '--token-id must be a token id (a lower-case UUID)'],
    [['--subject', 'arn'], '--subject is not an option of tvm revoke; operators use tvm revoke-any --subject ARN'],
  ])('rejects %j', async (args, sentence) => {
    const { code, stderr } = await service.tvm(['revoke', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `tvm: ${sentence}\n` });
    expect(service.asked).toEqual([]);
  });
});

const SUBJECT = 'arn:aws:iam::123456789012:role/orders-service';
const ORDER = '0f2c5c53-2f5d-4b0b-9a5b-2b8a0a4f7a11';
const running = (revoked: number) => ({ body: { revocation_id: ORDER, status: 'running', revoked } });
const done = (revoked: number) => ({ body: { revocation_id: ORDER, status: 'done', revoked } });

describe('tvm revoke-any', { timeout: 20_000 }, () => {
  it('revokes every token of a subject, reports progress, and prints the number of tokens', async () => {
    const blocked_until = '2026-11-22T18:00:00.000Z';
    const answers = [{ body: { ...running(1).body, blocked_until } }, running(1), running(2), done(3)];
    service.answers = () => answers[service.asked.length - 1];
    const { code, stdout, stderr } = await service.tvm([
      'revoke-any',
      '--subject',
      SUBJECT,
      '--block-for',
      '2h',
      '--reason',
      'incident 42',
    ]);
    expect({ code, stdout, stderr: stderr.split('\n') }).toEqual({
      code: 0,
      stdout: '3\n',
      stderr: [
        `${SUBJECT} gets no new tokens until 2026-11-22T18:00:00Z`,
        `revocation ${ORDER}: 1 token so far`,
        `revocation ${ORDER}: 2 tokens so far`,
        '',
      ],
    });
    expect(service.asked).toMatchObject([
      { method: 'POST', path: '/v1/revocations', body: { subject: SUBJECT, block_for: 7200, reason: 'incident 42' } },
      ...Array(3).fill({ method: 'GET', path: `/v1/revocations/${ORDER}` }),
    ]);
  });

  it('revokes one token by its id, immediately', async () => {
    service.next = { body: { status: 'done', revoked: 1 } };
    const { stdout } = await service.tvm(['revoke-any', '--token-id', ID, '--output', 'json']);
    expect(JSON.parse(stdout)).toEqual({ status: 'done', revoked: 1 });
    expect(service.asked).toMatchObject([{ method: 'POST', body: { token_id: ID } }]);
  });

  it('sends exactly the selectors of its options', async () => {
    service.next = done(0);
    const hash = 'ab'.repeat(32);
    const options = {
      workload: 'i-0abcd1234',
      task: 'deploy-42',
      audience: 'orders-db',
      resource: 'orders-db/*',
      policy: 'reads-orders',
      policy_bundle: hash,
      issued_before: '2026-11-22T09:30:00Z',
    };
    const args = Object.entries(options).flatMap(([field, value]) => [`--${field.replace('_', '-')}`, value]);
    await service.tvm(['revoke-any', ...args, '--block-for', '0', '--yes']);
    expect(service.asked[0]?.body).toEqual({ ...options, block_for: 0 });
  });

  it('revokes all tokens with --all', async () => {
    service.next = done(7);
    expect(
      (await service.tvm(['revoke-any', '--all', '--issued-before', '2026-11-22T09:30:00Z', '--yes'])).stdout,
    ).toBe('7\n');
    expect(service.asked[0]?.body).toEqual({ all: true, issued_before: '2026-11-22T09:30:00Z' });
  });

  it('counts a duration back from now', async () => {
    service.next = done(1);
    const before = Date.now();
    await service.tvm(['revoke-any', '--task', 't', '--issued-before', '10m', '--yes']);
    const { issued_before } = service.asked[0]?.body as { issued_before: string };
    expect(Date.parse(issued_before)).toBeGreaterThanOrEqual(before - 600_000);
    expect(Date.parse(issued_before)).toBeLessThanOrEqual(Date.now() - 600_000);
  });

  it('reports that no active token matched', async () => {
    service.next = { body: { status: 'done', revoked: 0 } };
    const { code, stdout, stderr } = await service.tvm(['revoke-any', '--token-id', ID]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '0\n',
      stderr: 'no active token matched\n',
    });
  });

  it('does not wait with --no-wait', async () => {
    service.next = running(1);
    const { stdout, stderr } = await service.tvm(['revoke-any', '--audience', 'orders-db', '--no-wait', '--yes']);
    expect({ stdout, stderr }).toEqual({ stdout: '1\n', stderr: `revocation ${ORDER} continues in the service\n` });
    expect(service.asked).toHaveLength(1);
  });

  it.each([
    [[], 'no selector: give --subject or another selector, or --all for all tokens'],
    [
      ['--issued-before', '2026-11-22T09:30:00Z'],
      'no selector: give --subject or another selector, or --all for all tokens',
    ],
    [
      ['--subject', 'me'],
      '--subject must be the ARN of an IAM role or user, or a federated subject such as github:repo:1296269',
    ],
    [['--task', 't', '--block-for', '1h'], '--block-for is only allowed if the subject is the only filter'],
    [['--subject', SUBJECT, '--block-for', 'long'], '--block-for "long" must be a duration such as 15m or 2h, or 0'],
    [['--subject', SUBJECT, '--block-for', '31d'], '--block-for must be at most 30d'],
    [['--policy-bundle', 'abc'], '--policy-bundle must be the hash of a policy bundle: 64 hexadecimal digits'],
    [
      ['--all', '--issued-before', 'noon'],
      '--issued-before must be a time such as 2026-11-22T09:30:00Z, a date, or a duration such as 10m',
    ],
  ])('rejects %j without a request', async (args, sentence) => {
    const { code, stderr } = await service.tvm(['revoke-any', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `tvm: ${sentence}\n` });
    expect(service.asked).toEqual([]);
  });

  it('rejects --all together with another selector', async () => {
    const { code } = await service.tvm(['revoke-any', '--all', '--audience', 'orders-db']);
    expect(code).toBe(2);
    expect(service.asked).toEqual([]);
  });
});

describe('tvm revoke-any with an unknown name', { timeout: 20_000 }, () => {
  const MISSPELT = SUBJECT.replace('service', 'servcie');
  const unknown = {
    error: 'unknown_target',
    error_description: `subject ${MISSPELT} is not known: no policy names it; did you mean ${SUBJECT}?`,
    field: 'subject',
    request_id: 'r-1',
  };

  it('exits with 6 and suggests the nearest name', async () => {
    service.next = { status: 404, body: unknown };
    const { code, stdout, stderr } = await service.tvm(['revoke-any', '--subject', MISSPELT]);
    expect({ code, stdout, stderr }).toEqual({
      code: 6,
      stdout: '',
      stderr: `tvm: --subject ${MISSPELT} is not known: no policy names it; did you mean ${SUBJECT}? (unknown_target, request r-1)\n`,
    });
  });

  it('reports it in JSON', async () => {
    service.next = { status: 404, body: unknown };
    const { code, stderr } = await service.tvm(['revoke-any', '--subject', MISSPELT, '--output', 'json']);
    expect([code, JSON.parse(stderr)]).toMatchObject([6, { error: 'unknown_target', option: '--subject' }]);
  });

  it('blocks a workload in advance with --allow-unknown', async () => {
    service.next = done(0);
    expect((await service.tvm(['revoke-any', '--subject', MISSPELT, '--allow-unknown'])).code).toBe(0);
    expect(service.asked.map(({ body }) => body)).toEqual([{ subject: MISSPELT, allow_unknown: true }]);
  });
});

describe('tvm revoke-any of more than one workload or token', { timeout: 20_000 }, () => {
  const counted = (would_revoke: number, subjects: number, more = {}) => ({
    body: { would_revoke, subjects, ...more },
  });
  const WIDE = [
    ['--all'],
    ['--audience', 'orders-db'],
    ['--policy', 'reads-orders'],
    ['--task', 't'],
    ['--workload', 'i-1'],
  ];

  it.each(WIDE)('needs --yes without a terminal: %s', async (...args) => {
    const { code, stdout, stderr } = await service.tvm(['revoke-any', ...args], { stdin: 'y\n' });
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: 'tvm: --yes is required to revoke tokens of several workloads without a terminal\n',
    });
    expect(service.asked).toEqual([]);
  });

  it('asks for no confirmation for one subject or one token', async () => {
    service.next = done(1);
    for (const args of [
      ['--subject', SUBJECT, '--audience', 'orders-db'],
      ['--token-id', ID],
    ]) {
      expect((await service.tvm(['revoke-any', ...args])).code).toBe(0);
    }
    expect(service.asked).toHaveLength(2);
  });

  it.each([
    ['y\n', counted(12, 3), 'Revoke 12 tokens of 3 workloads? [y/N] y'],
    ['YES\n', counted(1, 1), 'Revoke 1 token of 1 workload? [y/N] YES'],
    ['y\n', counted(900, 2, { at_least: true }), 'Revoke at least 900 tokens of 2 workloads? [y/N] y'],
  ])('asks for confirmation on a terminal, and revokes after %j', async (typed, count, question) => {
    service.answers = ({ body }) => (body.dry_run ? count : done(12));
    const { code, lines } = await runTvmInTerminal(['revoke-any', '--all'], typed, service.env);
    expect({ code, lines }).toEqual({ code: 0, lines: [question, '12'] });
    expect(service.asked.map(({ body }) => body)).toEqual([{ all: true, dry_run: true }, { all: true }]);
  });

  it.each([['n\n'], ['\n'], ['yess\n'], ['\u0004'], ['no way\n']])('revokes nothing after %j', async (typed) => {
    service.next = counted(12, 3);
    const { code, lines } = await runTvmInTerminal(['revoke-any', '--all'], typed, service.env);
    expect([code, lines.at(-1)]).toEqual([2, expect.stringContaining('nothing was revoked')]);
    expect(service.asked.map(({ body }) => body)).toEqual([{ all: true, dry_run: true }]);
  });

  it('revokes nothing after Ctrl-C', async () => {
    service.next = counted(12, 3);
    const { code } = await runTvmInTerminal(['revoke-any', '--all'], '\u0003', service.env);
    expect(code).not.toBe(0);
    expect(service.asked.map(({ body }) => body)).toEqual([{ all: true, dry_run: true }]);
  });

  it('asks for no confirmation with --yes', async () => {
    service.next = done(12);
    const { code, lines } = await runTvmInTerminal(['revoke-any', '--all', '--yes'], '', service.env);
    expect({ code, lines }).toEqual({ code: 0, lines: ['12'] });
    expect(service.asked.map(({ body }) => body)).toEqual([{ all: true }]);
  });

  it.each([
    [['--all']],
    [['--subject', SUBJECT]],
    [['--token-id', ID]],
  ])('only counts with --dry-run: %j', async (args) => {
    service.next = counted(2, 1);
    const run = await service.tvm(['revoke-any', ...args, '--dry-run']);
    expect(run).toEqual({
      code: 0,
      stdout: '2\n',
      stderr: 'this would revoke 2 tokens of 1 workload; nothing was changed\n',
    });
    const { stdout } = await service.tvm(['revoke-any', ...args, '--dry-run', '--output', 'json']);
    expect(JSON.parse(stdout)).toEqual({ would_revoke: 2, subjects: 1 });
    expect(service.asked.map(({ body }) => body.dry_run)).toEqual([true, true]);
  });
});

describe('tvm unblock', { timeout: 20_000 }, () => {
  it.each([
    [true, 'the workload is unblocked\n'],
    [false, 'the workload was not blocked\n'],
  ])('reports whether there was a block: %j', async (unblocked, sentence) => {
    service.next = { body: { unblocked } };
    const { code, stderr } = await service.tvm(['unblock', '--subject', SUBJECT, '--reason', 'found again']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: sentence });
    expect(service.asked).toMatchObject([
      { path: '/v1/blocks/lift', body: { subject: SUBJECT, reason: 'found again' } },
    ]);
  });
});

describe('tvm done', { timeout: 20_000 }, () => {
  it('revokes the caller’s own tokens for a task', async () => {
    const { code, stderr } = await service.tvm(['done', '--task', 'deploy-42']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'all your tokens for the task are revoked\n' });
    expect(service.asked).toMatchObject([{ path: '/v1/revoke', body: { task: 'deploy-42' } }]);
  });

  it('rejects an invalid task', async () => {
    const { code, stderr } = await service.tvm(['done', '--task', 'a b']);
    expect(code).toBe(2);
    expect(stderr).toBe('tvm: --task must be at most 128 letters, digits and . _ : / @ + = , -\n');
  });
});
