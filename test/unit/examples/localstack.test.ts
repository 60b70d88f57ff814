import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const folder = 'examples/localstack';
const { localstack } = parse(readFileSync(`${folder}/compose.yaml`, 'utf8')).services;
const mounts: string[] = localstack.volumes;
const plugin = 'scripts/localstack/plugin';

it('the image is the LocalStack release that the tests use', () => {
  const [, tested] = /^localstack-core==(\S+)/m.exec(
    readFileSync('scripts/localstack/requirements.txt', 'utf8'),
  ) as RegExpExecArray;
  const [, image] = /^localstack\/localstack:(\S+)$/.exec(localstack.image) as RegExpExecArray;
  // Its images write the month with two digits.
  expect(image?.replace('.0', '.')).toBe(tested);
});

it('the port is published only on loopback', () => {
  expect(localstack.ports).not.toHaveLength(0);
  for (const port of localstack.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:4566$/);
});

it('the auth token comes from the environment, and a missing token is reported in a sentence', () => {
  expect(localstack.environment.LOCALSTACK_AUTH_TOKEN).toMatch(/^\$\{LOCALSTACK_AUTH_TOKEN:\?.+\}$/);
});

it('each setting is a string, because Compose accepts neither true nor false', () => {
  for (const value of Object.values(localstack.environment)) expect(value).toBeTypeOf('string');
});

it('the plugin is mounted read-only, in a folder that Python searches', () => {
  const mount = mounts.find((text) => text.includes('plugin')) ?? '';
  const [host = '', container, mode] = mount.split(':');
  expect(path.join(folder, host)).toBe(plugin);
  expect(existsSync(path.join(folder, host, 'tvm_localstack'))).toBe(true);
  expect({ container, mode }).toEqual({ container: localstack.environment.PYTHONPATH, mode: 'ro' });
});

it('the configured executor is one of the plugin’s', () => {
  const entryPoints = readFileSync(`${plugin}/tvm_localstack-1.0.dist-info/entry_points.txt`, 'utf8');
  const [, executors] = /\[localstack\.lambda\.runtime_executor\]\n((?:\S.*\n)+)/.exec(entryPoints) as RegExpExecArray;
  expect(executors).toContain(`${localstack.environment.LAMBDA_RUNTIME_EXECUTOR} = `);
});
