import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '#scripts/emulators/emulator.ts';
import { emulatorTarget } from '#scripts/emulators/target.ts';
import { miniStack } from '#scripts/local/ministack.ts';
import { noPythonClients } from '../../relay/support/python-clients.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(join(root, 'docs/tutorials/vm.md'), 'utf8');
const [start = '', source = '', third = ''] =
  /^## In three commands$.*?^```sh\n(.*?)^```$/ms.exec(page)?.[1]?.split('\n') ?? [];

describe('the three commands of docs/tutorials/vm.md', () => {
  it('start TVM, set its variables, and run the AWS CLI through the relay', () => {
    expect([start, source]).toEqual(['npm start -- --detach', '. .local/env']);
    expect(third).toMatch(
      /^npx tokenrelay exec --config examples\/tokenrelay\/aws\.yaml -- aws sts get-caller-identity$/,
    );
  });

  if (noPythonClients === undefined) {
    describe('with the AWS that npm start starts', ranThrough);
  } else {
    it('prints why the third is not run', () => {
      console.log(`not run: the third command of docs/tutorials/vm.md: ${noPythonClients}`);
      expect(noPythonClients).not.toBe('');
    });
  }
});

function ranThrough() {
  let folder: string;
  let emulator: Emulator;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tokenrelay-three-'));
    emulator = await startEmulator(miniStack, { port: 0, dir: folder });
    const target = emulatorTarget(emulator.endpoint);
    const iam = new IAMClient(target);
    await iam.send(new CreateUserCommand({ UserName: 'orders-service' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'orders-service' }));
    const programs = ['node_modules/.bin', '.local/relay-clients/bin'].map((bin) => join(root, bin));
    // The variables that scripts/local/env-files.ts writes.
    env = {
      PATH: [...programs, process.env.PATH].join(delimiter),
      HOME: folder,
      AWS_ENDPOINT_URL: target.endpoint,
      AWS_REGION: target.region,
      AWS_DEFAULT_REGION: target.region,
      AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey,
    };
  });
  afterAll(async () => {
    await emulator?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const shell = async (command: string) =>
    (await promisify(execFile)('/bin/sh', ['-c', command], { cwd: root, env })).stdout;

  it('the third prints the caller’s identity', async () => {
    expect(JSON.parse(await shell(third))).toMatchObject({ Arn: 'arn:aws:iam::000000000000:user/orders-service' });
  });

  it('its program has session keys that AWS accepts, and not the long-lived keys', async () => {
    const program = 'env; aws sts get-caller-identity --output text --query Arn';
    const said = await shell(third.replace(/ -- .*$/, ` -- sh -c '${program}'`));
    const variable = (name: string) => new RegExp(`^${name}=(.+)$`, 'm').exec(said)?.[1];
    // Session keys have a prefix of their own.
    expect(variable('AWS_ACCESS_KEY_ID')).toMatch(/^ASIA/);
    expect(variable('AWS_SESSION_TOKEN')).toMatch(/^\S{20,}$/);
    expect(said).toContain('arn:aws:iam::000000000000:user/orders-service');
    for (const key of [env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY]) {
      expect(key).toMatch(/^\S{16,}$/);
      expect(said.includes(key ?? '')).toBe(false);
    }
  });
}
