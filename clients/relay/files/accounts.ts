import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const TIMEOUT_MILLISECONDS = 5_000;

/** The number of a user. @param account its name, or its number already @returns nothing when there is no such user */
export function userId(account: string | number): Promise<number | undefined> {
  return numberOf(account, 'passwd');
}

/** The number of a group. @param account its name, or its number already @returns nothing when there is no such group */
export function groupId(account: string | number): Promise<number | undefined> {
  return numberOf(account, 'group');
}

/**
 * The file first, as it costs no process; `getent` (getent(1)) knows those of LDAP and systemd's DynamicUser= too.
 * Both have lines of `name:password:number:…` (passwd(5), group(5)).
 */
async function numberOf(account: string | number, database: 'passwd' | 'group'): Promise<number | undefined> {
  // A unit of systemd has numbers as text; no name is made of digits alone.
  if (typeof account === 'number' || /^\d{1,10}$/.test(account)) return Number(account);
  return (
    numberIn(await readFile(`/etc/${database}`, 'utf8').catch(() => ''), account) ??
    numberIn(await getent(database, account), account)
  );
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

function numberIn(lines: string, account: string): number | undefined {
  const fields = lines
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === account);
  const number = fields?.[2] ?? '';
  return /^\d{1,10}$/.test(number) ? Number(number) : undefined;
}
