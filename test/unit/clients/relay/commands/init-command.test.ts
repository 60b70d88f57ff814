import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { checkConfiguration } from 'tokenrelay/check/check-configuration.ts';
import { writeFirstConfiguration } from 'tokenrelay/commands/write-first-configuration.ts';
import { firstConfiguration } from 'tokenrelay/config/first-configuration.ts';
import { parseConfiguration } from 'tokenrelay/config/read-configuration.ts';
import { loadSourceKinds } from 'tokenrelay/sources/kinds.ts';
import { describe, expect, it } from 'vitest';
import { useFolder } from '../outputs/a-folder.ts';

await loadSourceKinds();

const path = useFolder();

describe('a first configuration', () => {
  it('is valid, with and without its commented settings', () => {
    expect(parseConfiguration(firstConfiguration, '/x', {}).warnings).toEqual([]);
    const commented = /^( *)# ((?: *)(?:- \w+:|\w+:( .*)?$).*)$/;
    const start = firstConfiguration.indexOf('tokens:');
    const body = firstConfiguration
      .slice(start)
      .split('\n')
      .map((line) => line.replace(commented, '$1$2'))
      .join('\n');
    const { configuration } = parseConfiguration(body, '/x', {});
    expect(configuration.tokens.map(({ type }) => type)).toEqual(['oauth2_client_credentials', 'hashicorp_vault_kv']);
    expect(configuration.tokens[0]).toMatchObject({
      refresh_interval_minutes: 45,
      after_renewal: { action: 'reload' },
    });
    expect([configuration.endpoints?.length, configuration.alerts?.length]).toEqual([1, 1]);
  });

  it('needs only the files that it asks for on a new machine', async () => {
    await writeFirstConfiguration(path('config.yaml'), firstConfiguration, false);
    const { findings } = await checkConfiguration(path('config.yaml'), { env: {}, unit: undefined });
    expect(
      findings.filter(({ sentence }) => !/^tokens\[0\]\.(output|source\.client_secret_path): /.test(sentence)),
    ).toEqual([]);
  });

  it('refers editors to its schema', () => {
    expect(firstConfiguration).toMatch(/^# yaml-language-server: \$schema=\/\S+\.schema\.json\n/);
  });
});

describe('the file of a first configuration', () => {
  const file = () => path('config.yaml');
  const write = (replace: boolean) => writeFirstConfiguration(file(), 'new', replace);

  it('is readable by its group and writable only by its owner, with any umask', async () => {
    const before = process.umask(0o077);
    await write(false).finally(() => process.umask(before));
    expect([readFileSync(file(), 'utf8'), statSync(file()).mode & 0o777]).toEqual(['new', 0o640]);
    expect(statSync(file()).gid).toBe(statSync(path('.')).gid);
  });

  it('never replaces another file without --force, and leaves no temporary file', async () => {
    writeFileSync(file(), 'old');
    await expect(write(false)).rejects.toThrow('already exists; use --force to replace it');
    expect(readFileSync(file(), 'utf8')).toBe('old');
    await write(true);
    expect(readFileSync(file(), 'utf8')).toBe('new');
    expect(readdirSync(path('.'))).toEqual(['config.yaml']);
  });

  it('replaces a link, not its target', async () => {
    writeFileSync(path('other'), 'old');
    symlinkSync('other', file());
    await expect(write(false)).rejects.toThrow('already exists');
    await write(true);
    expect([readFileSync(path('other'), 'utf8'), lstatSync(file()).isSymbolicLink()]).toEqual(['old', false]);
  });

  it('is refused if its folder does not exist', async () => {
    const nowhere = writeFirstConfiguration(path('none/config.yaml'), 'new', false);
    await expect(nowhere).rejects.toMatchObject({ details: { exitCode: 2 } });
    await expect(nowhere).rejects.toThrow('cannot be written: its folder does not exist');
  });
});
