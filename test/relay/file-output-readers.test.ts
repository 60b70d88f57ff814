import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { render } from 'tokenrelay/outputs/render.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awkwardText } from '../unit/clients/relay/outputs/awkward-text.ts';

const [systemdLibrary] = globSync('/usr/lib{,64,/*-linux-gnu*}/systemd/libsystemd-shared-*.so');
const has = (command: string) => {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`]);
    return true;
  } catch {
    return false;
  }
};
const notRun = (reason: string) => console.log(`not run: ${reason}`);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-readers-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file in the format env with these values in the variables V_0, V_1 and so on. @returns it and its lines */
function envFile(name: string, values: readonly string[]) {
  const file = join(folder, name);
  const named = Object.fromEntries(values.map((value, index) => [`v_${index}`, value]));
  writeFileSync(file, render({ file_path: file, format: 'env' }, 'sample', { values: named, fetchedAt: 0 }));
  return { file, lines: values.map((value, index) => `V_${index}=${value}`) };
}

describe('a file in the format env', () => {
  it('is read back unchanged by systemd’s own parser', async () => {
    if (systemdLibrary === undefined || !has('python3')) return notRun('no libsystemd-shared or no python3 to call it');
    const { file, lines } = envFile('systemd.env', fc.sample(awkwardText, 1_000));
    const reader = fileURLToPath(new URL('support/systemd-reads.py', import.meta.url));
    const { stdout } = await promisify(execFile)('python3', [reader, systemdLibrary, file]);
    expect(JSON.parse(stdout)).toEqual(lines);
  });

  it('is read back unchanged by docker, if no value is quoted', async () => {
    if (!has('docker')) return notRun('no docker command');
    const isBare = (value: string) =>
      !render({ file_path: '/x', format: 'env' }, 'x', { values: { token: value }, fetchedAt: 0 }).startsWith('X="');
    const bare = fc.sample(awkwardText.filter(isBare), 300);
    expect(bare.join('')).toMatch(/[#*?!^{}[\]]/);
    const { file, lines } = envFile('docker.env', ['', ...bare]);
    let created: string | undefined;
    const daemon = createServer(async (request, response) => {
      const body = await text(request);
      const creates = request.url?.includes('/containers/create') ?? false;
      if (creates) created = body;
      response.writeHead(creates ? 404 : 200, { 'api-version': '1.45' }).end(creates ? '{"message":"none"}' : 'OK');
    });
    const socket = join(folder, 'docker.sock');
    await once(daemon.listen(socket), 'listening');
    const args = ['--host', `unix://${socket}`, 'create', '--pull', 'never', '--env-file', file, 'image'];
    await promisify(execFile)('docker', args, { env: { PATH: process.env.PATH, DOCKER_CONFIG: folder } }).catch(
      () => {},
    );
    await new Promise((closed) => daemon.close(closed));
    expect(JSON.parse(created ?? '{}').Env).toEqual(lines);
  });
});
