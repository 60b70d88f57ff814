import { readFileSync } from 'node:fs';
import { exitCodeMeanings, exitCodes } from '@tvm/cli/connection/failure.ts';
import { describe, expect, it } from 'vitest';
import { runTvm } from './run-tvm.ts';

const { version } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'));

describe('tvm', { timeout: 20_000 }, () => {
  it('--help lists the commands in groups, the exit codes and examples', async () => {
    const { code, stdout, stderr } = await runTvm(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const groups = stdout.split(/\n\n(?=For )|\n\nHelp:/).slice(1, -1);
    expect(groups.map((group) => group.match(/^(For .*| {2}[a-z-]+)/gm)?.map((line) => line.trim()))).toEqual([
      ['For callers:', 'token', 'explain', 'done', 'revoke'],
      ['For resource servers:', 'introspect'],
      ['For operators:', 'tokens', 'revoke-any', 'unblock', 'audit', 'trust'],
      ['For CI:', 'policy'],
    ]);
    for (const exitCode of Object.values(exitCodes)) {
      expect(stdout).toContain(`\n  ${exitCode}  ${exitCodeMeanings[exitCode]}\n`);
    }
    expect(stdout).toContain('\nExamples:\n');
  });

  it.each([
    'token',
    'explain',
    'introspect',
    'revoke',
    'revoke-any',
  ])('%s --help has examples and the common options', async (name) => {
    const { code, stdout } = await runTvm([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/--endpoint.*Examples:.*\$ .*tvm /s);
  });

  it('--version prints the version', async () => {
    expect(await runTvm(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    [[]],
    [['tokens']],
    [['audit']],
    [['policy']],
  ])('prints the help of a group without a subcommand: %j', async (group) => {
    const help = await runTvm([...group, '--help']);
    expect(await runTvm(group)).toEqual(help);
    expect(help).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: tvm /), stderr: '' });
  });

  it('without a command, but with options, shows the help on standard error', async () => {
    const { code, stdout, stderr } = await runTvm(['--output', 'text']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: tvm .*\ntvm: name a command\n$/s);
  });

  it('rejects an unknown option and suggests the nearest one', async () => {
    const { code, stdout, stderr } = await runTvm(['token', '--durtion', '5m']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe("tvm: unknown option '--durtion' (Did you mean --duration?); see tvm token --help\n");
  });

  it.each([
    ['token', '--audience', ''],
    ['token', '--action', 'read', '--location', 'db', '--field', ''],
    ['token', '--role', ''],
    ['explain', '--from-ip', ''],
    ['explain', '--from-vpc-endpoint', ''],
    ['revoke', '--token-id', ''],
    ['done', '--task', ''],
    ['revoke-any', '--audience', 'orders-db', '--subject', ''],
    ['revoke-any', '--subject', ''],
    ['revoke-any', '--all', '--issued-before', ''],
    ['unblock', '--subject', ''],
    ['tokens', 'list', '--subject', ''],
    ['tokens', 'list', '--audience', 'orders-db', '--task', ''],
    ['tokens', 'watch', '--policy', ''],
    ['audit', 'query', '--archive', '.', '--revocation-id', ''],
    ['audit', 'query', '--archive', '.', '--from', ''],
    ['audit', 'export', '--archive', '.', '--subject', ''],
    ['policy', 'unused', 'records.jsonl', '--since', '90d', '--policies', ''],
    ['tokens', 'summary', '--region', ''],
  ])('rejects an empty value: %j', async (...args) => {
    const { code, stdout, stderr } = await runTvm(args);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `tvm: ${args.at(-2)} must not be empty\n`,
    });
  });

  it('writes no colours if the stream is not a terminal', async () => {
    const { stderr } = await runTvm(['token']);
    expect(stderr).toMatch(/^tvm: nothing/);
  });
});
