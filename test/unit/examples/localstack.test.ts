import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const folder = 'examples/localstack';
const { localstack } = parse(readFileSync(`${folder}/compose.yaml`, 'utf8')).services;
const mounts: string[] = localstack.volumes;
const plugin = 'scripts/localstack/plugin';

it('LocalStack in Docker is the release that the tests ran on', () => {
  const [, tested] = /^localstack-core==(\S+)/m.exec(
    readFileSync('scripts/localstack/requirements.txt', 'utf8'),
  ) as RegExpExecArray;
  const [, image] = /^localstack\/localstack:(\S+)$/.exec(localstack.image) as RegExpExecArray;
  // Its images write the month with two digits.
  expect(image?.replace('.0', '.')).toBe(tested);
});

it('it is reached from this computer alone', () => {
  expect(localstack.ports).not.toHaveLength(0);
  for (const port of localstack.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:4566$/);
});

it('its auth token is taken from the environment, and its absence said in a sentence', () => {
  expect(localstack.environment.LOCALSTACK_AUTH_TOKEN).toMatch(/^\$\{LOCALSTACK_AUTH_TOKEN:\?.+\}$/);
});

it('each setting is a string: Compose takes neither true nor false', () => {
  for (const value of Object.values(localstack.environment)) expect(value).toBeTypeOf('string');
});

it('the plugin is mounted where Python looks for it, and cannot be written to', () => {
  const mount = mounts.find((text) => text.includes('plugin')) ?? '';
  const [host = '', container, mode] = mount.split(':');
  expect(path.join(folder, host)).toBe(plugin);
  expect(existsSync(path.join(folder, host, 'tvm_localstack'))).toBe(true);
  expect({ container, mode }).toEqual({ container: localstack.environment.PYTHONPATH, mode: 'ro' });
});

it('the executor that it names is one of the plugin’s', () => {
  const entryPoints = readFileSync(`${plugin}/tvm_localstack-1.0.dist-info/entry_points.txt`, 'utf8');
  const [, executors] = /\[localstack\.lambda\.runtime_executor\]\n((?:\S.*\n)+)/.exec(entryPoints) as RegExpExecArray;
  expect(executors).toContain(`${localstack.environment.LAMBDA_RUNTIME_EXECUTOR} = `);
});
