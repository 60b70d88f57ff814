import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoMount } from './support/mounts.ts';

const script = fileURLToPath(new URL('support/look-up-accounts.ts', import.meta.url));
const node = [process.execPath, '--experimental-strip-types', '--disable-warning=ExperimentalWarning'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-accounts-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Looks accounts up where files are replaced by others, in a mount namespace. */
function lookUp(files: Record<string, string>, users: string[], groups: string[]): unknown {
  const mounts = Object.entries(files).map(([path, content], index) => {
    const own = join(folder, `${index}`);
    writeFileSync(own, content, { mode: 0o755 });
    return `mount --bind ${own} ${path}`;
  });
  const shell = `set -e; ${mounts.join('; ')}; exec "$@"`;
  const words = ['--mount', 'sh', '-c', shell, 'sh', ...node, script, ...users, '--', ...groups];
  return JSON.parse(execFileSync('unshare', words, { encoding: 'utf8' }));
}

describe('the name of an account', () => {
  it('may have dots, capitals and a domain', () => {
    const reason = whyNoMount();
    if (reason !== undefined) return console.log(`not run: ${reason}`);
    const users = ['app.svc', 'AppUser', 'DOM\\user', 'user@dom.example', 'domain user@dom.example'];
    const groups = ['app.svc', 'DOM\\Domain Users'];
    const lines = (names: string[]) =>
      names.map((name, index) => `${name}:x:${61_000 + index}:61000::/:/bin/sh\n`).join('');
    const found = lookUp(
      {
        '/etc/passwd': readFileSync('/etc/passwd', 'utf8') + lines(users),
        '/etc/group': readFileSync('/etc/group', 'utf8') + lines(groups),
      },
      users,
      groups,
    );
    expect(found).toEqual({ users: users.map((_, index) => 61_000 + index), groups: [61_000, 61_001] });
  });

  it('may be spelled differently by the directory that knows it, and is passed to getent as it is', () => {
    const reason = whyNoMount();
    if (reason !== undefined) return console.log(`not run: ${reason}`);
    const getent = `#!/bin/sh
case "$1 $2" in
'passwd CORP\\Alice' | 'passwd Alice@Corp.Example') echo 'alice@corp.example:*:4242:4300:Alice:/home/alice:/bin/sh' ;;
'group CORP\\Domain Users') echo 'domain users@corp.example:*:4300:' ;;
*) exit 2 ;;
esac
`;
    const found = lookUp(
      { '/usr/bin/getent': getent },
      ['CORP\\Alice', 'Alice@Corp.Example', 'alice', '$(id)@corp.example'],
      ['CORP\\Domain Users', 'CORP\\Alice'],
    );
    // JSON has no undefined.
    expect(found).toEqual({ users: [4_242, 4_242, null, null], groups: [4_300, null] });
  });
});
