import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsCredentials } from 'tokenrelay/aws/credentials.ts';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-credentials-'));
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const keys = (profile: string, key: string) =>
  writeFileSync(
    join(folder, 'credentials'),
    `[${profile}]\naws_access_key_id = ${key}\naws_secret_access_key = a secret\n`,
  );

/** Creates a profile with a command that counts its runs and returns credentials with this expiry. */
function command(profile: string, expiration: number): { runs: () => number; fails(): void } {
  const [script, counter] = [join(folder, 'command'), join(folder, 'counter')];
  const answer = {
    Version: 1,
    AccessKeyId: 'ASIACOMMAND',
    SecretAccessKey: 'a secret',
    Expiration: new Date(expiration).toISOString(),
  };
  writeFileSync(counter, '');
  writeFileSync(script, `#!/bin/sh\necho >> ${counter}\necho '${JSON.stringify(answer)}'\n`);
  chmodSync(script, 0o700);
  writeFileSync(join(folder, 'config'), `[profile ${profile}]\ncredential_process = ${script}\n`);
  return {
    runs: () => readFileSync(counter, 'utf8').length,
    fails: () => writeFileSync(script, '#!/bin/sh\necho a secret >&2\nexit 1\n'),
  };
}

async function failureOf(provide: () => Promise<unknown>): Promise<string> {
  const failure = await provide().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SourceFailure);
  return (failure as SourceFailure).message;
}

describe('AWS credentials', () => {
  it('come from the environment, unless a profile is named', async () => {
    keys('security', 'AKIAPROFILE');
    const env = {
      AWS_ACCESS_KEY_ID: 'AKIAENV',
      AWS_SECRET_ACCESS_KEY: 'a secret',
      AWS_SESSION_TOKEN: 'a token',
      AWS_PROFILE: 'security',
    };
    expect(await awsCredentials({}, env)()).toEqual({
      accessKeyId: 'AKIAENV',
      secretAccessKey: 'a secret',
      sessionToken: 'a token',
    });
    expect(await awsCredentials({ profile: 'security' }, env)()).toMatchObject({ accessKeyId: 'AKIAPROFILE' });
  });

  it('are read again after they were replaced', async () => {
    const [named, chain] = [awsCredentials({ profile: 'default' }, {}), awsCredentials({}, {})];
    for (const key of ['AKIABEFORE', 'AKIAAFTER']) {
      keys('default', key);
      expect(await chain()).toMatchObject({ accessKeyId: key });
      expect(await named()).toMatchObject({ accessKeyId: key });
    }
  });

  it('never belong to another identity if the named profile does not exist or fails', async () => {
    keys('default', 'AKIADEFAULT');
    expect(await failureOf(awsCredentials({ profile: 'nobody' }, {}))).toMatch(/^"nobody" is not a profile/);
    command('broken', 0).fails();
    expect(await failureOf(awsCredentials({ profile: 'broken' }, {}))).toBe(
      'no AWS credentials: the credential_process of the profile failed',
    );
  });

  it('are reported as missing if no source has any', async () => {
    expect(await failureOf(awsCredentials({}, {}))).toMatch(/^no AWS credentials/);
  });
});

describe('credentials that expire', () => {
  const START = Date.now();
  const END = START + 3_600_000;

  it('are requested once, also by concurrent callers, and again five minutes before they expire', async () => {
    const { runs } = command('sso', END);
    let now = START;
    const provide = awsCredentials({ profile: 'sso' }, {}, () => now);
    await Promise.all([provide(), provide(), provide()]);
    now = END - 300_001;
    await provide();
    expect(runs()).toBe(1);
    now = END - 300_000;
    await provide();
    expect(runs()).toBe(2);
  });

  it('are used until they expire if no others are available, and not longer', async () => {
    const { fails } = command('sso', END);
    let now = START;
    const provide = awsCredentials({ profile: 'sso' }, {}, () => now);
    await provide();
    fails();
    now = END - 1;
    expect(await provide()).toMatchObject({ accessKeyId: 'ASIACOMMAND' });
    now = END;
    expect(await failureOf(provide)).toMatch(/^no AWS credentials: the credential_process/);
  });
});
