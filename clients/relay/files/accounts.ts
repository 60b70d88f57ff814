import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const TIMEOUT_MILLISECONDS = 5_000;

/** Returns the numeric id of a user. @param account its name or id @returns undefined if there is no such user */
export function userId(account: string | number): Promise<number | undefined> {
  return numberOf(account, 'passwd');
}

/** Returns the numeric id of a group. @param account its name or id @returns undefined if there is no such group */
export function groupId(account: string | number): Promise<number | undefined> {
  return numberOf(account, 'group');
}

/**
 * Looks an account up. Reads the file first, which needs no process. `getent` (getent(1)) also knows accounts of LDAP,
 * Active Directory and systemd's DynamicUser=. Both have lines of the form `name:password:number:…` (passwd(5),
 * group(5)).
 */
async function numberOf(account: string | number, database: 'passwd' | 'group'): Promise<number | undefined> {
  // systemd units have numeric ids as text. A name never consists of digits only.
  if (typeof account === 'number' || /^\d{1,10}$/.test(account)) return Number(account);
  // getent would read these as an option, or as a numeric id with a sign.
  if (/^[-+\s]/.test(account)) return undefined;
  const lines = entries(await readFile(`/etc/${database}`, 'utf8').catch(() => ''));
  // A directory may spell the name differently: it ignores case, or adds or omits the domain.
  const found = lines.find(([name]) => name === account) ?? entries(await getent(database, account))[0];
  const number = found?.[2] ?? '';
  return /^\d{1,10}$/.test(number) ? Number(number) : undefined;
}

async function getent(database: string, account: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('getent', [database, account], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      timeout: TIMEOUT_MILLISECONDS,
      maxBuffer: 1_048_576,
    });
    return stdout;
  } catch {
    return '';
  }
}

function entries(lines: string): string[][] {
  return lines.split('\n').map((line) => line.split(':'));
}
