import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCapability } from 'tokenrelay/check/capabilities.ts';
import { installedUnit, readUnit, serviceUnit } from 'tokenrelay/check/service-unit.ts';
import { madeFolders, requiredFolders, unitAccess } from 'tokenrelay/check/unit-paths.ts';
import { describe, expect, it } from 'vitest';

const unitOf = (...lines: string[]) => serviceUnit('/x.service', [['[Service]', ...lines].join('\n')]);

describe('a unit', () => {
  it('is parsed with comments, continued lines and other sections', () => {
    const unit = unitOf('# User=a', 'User=b \\', '; comment', '  c', '[Install]', 'User=d', '[Service]', 'Group = e');
    expect(unit.all('User')).toEqual(['b    c']);
    expect(unit.words('User')).toEqual(['b', 'c']);
    expect(unit.last('Group')).toBe('e');
  });

  it('is parsed without a comment after a value, which is reported', () => {
    const unit = unitOf('ReadWritePaths=/a /b # Only these', 'User=x # y', 'ExecStart=/bin/x # y', 'Group=a#b');
    expect(unit.words('ReadWritePaths')).toEqual(['/a', '/b']);
    expect([unit.last('User'), unit.last('ExecStart'), unit.last('Group')]).toEqual(['x', '/bin/x # y', 'a#b']);
    expect(unit.commented).toEqual(['ReadWritePaths', 'User']);
  });

  it('adds up assignments, and resets at an empty one', () => {
    const unit = unitOf(
      'ReadWritePaths=/a',
      'ReadWritePaths=',
      'ReadWritePaths=/b /c',
      'ReadWritePaths=/d',
      'PrivateTmp=yes',
    );
    expect(unit.words('ReadWritePaths')).toEqual(['/b', '/c', '/d']);
    expect([unit.isOn('PrivateTmp'), unit.isOn('ProtectClock')]).toEqual([true, false]);
  });

  it('is merged with its drop-ins in the order of their names, with the precedence of folders', async () => {
    const root = mkdtempSync(join(tmpdir(), 'relay-units-'));
    const folders = ['etc', 'lib'].map((name) => join(root, name));
    for (const folder of folders) mkdirSync(join(folder, 't.service.d'), { recursive: true });
    const write = (name: string, text: string) => writeFileSync(join(root, name), `[Service]\n${text}\n`);
    write('lib/t.service', 'User=vendor');
    write('lib/t.service.d/10-a.conf', 'Group=vendor');
    write('etc/t.service.d/10-a.conf', 'Group=admin');
    write('lib/t.service.d/20-b.conf', 'User=last');
    write('lib/t.service.d/30-c.txt', 'User=none');
    const unit = await installedUnit('t.service', folders);
    expect([unit?.file, unit?.last('User'), unit?.last('Group')]).toEqual([
      join(root, 'lib/t.service'),
      'last',
      'admin',
    ]);
    expect((await readUnit(join(root, 'lib/t.service'))).last('Group')).toBe('vendor');
    expect(await installedUnit('other.service', folders)).toBeUndefined();
    rmSync(root, { recursive: true });
  });
});

describe('the capabilities of a unit', () => {
  const kill = (isRoot: boolean, ...lines: string[]) => hasCapability(unitOf(...lines), isRoot, 'CAP_KILL');

  it('are the bounding set for root, and the ambient capabilities within it for others', () => {
    expect(kill(true)).toBe(true);
    expect(kill(false)).toBe(false);
    expect(kill(false, 'AmbientCapabilities=CAP_KILL')).toBe(true);
    expect(kill(false, 'AmbientCapabilities=CAP_KILL', 'CapabilityBoundingSet=')).toBe(false);
    expect(kill(true, 'CapabilityBoundingSet=CAP_NET_BIND_SERVICE')).toBe(false);
    expect(kill(false, 'CapabilityBoundingSet=CAP_KILL')).toBe(false);
  });

  it('add up over drop-ins, and ~ removes some', () => {
    const drop = ['CapabilityBoundingSet=', 'AmbientCapabilities=', 'CapabilityBoundingSet=CAP_CHOWN CAP_KILL'];
    expect(kill(false, ...drop, 'AmbientCapabilities=CAP_KILL')).toBe(true);
    expect(kill(true, 'CapabilityBoundingSet=~CAP_SYS_ADMIN')).toBe(true);
    expect(kill(true, 'CapabilityBoundingSet=~CAP_KILL CAP_SYS_ADMIN')).toBe(false);
    expect(kill(true, 'CapabilityBoundingSet=CAP_KILL', 'CapabilityBoundingSet=~CAP_KILL')).toBe(false);
  });
});

describe('what a unit may write', () => {
  const strict = ['ProtectSystem=strict', 'ProtectHome=true', 'PrivateTmp=true', 'RuntimeDirectory=tokenrelay a/b'];

  it.each([
    ['/run/tokenrelay/token', 'writable', strict],
    ['/var/run/tokenrelay/token', 'writable', strict],
    ['/run/tokenrelay2/token', 'read-only', strict],
    ['/run/a/b/token', 'writable', strict],
    ['/srv/app/token', 'read-only', strict],
    ['/srv/app/token', 'writable', [...strict, 'ReadWritePaths=-/srv/app/']],
    ['/srv/app/no/token', 'read-only', [...strict, 'ReadWritePaths=/srv/app', 'ReadOnlyPaths=/srv/app/no']],
    ['/tmp/token', 'private', strict],
    ['/home/app/token', 'inaccessible', strict],
    ['/home/app/token', 'read-only', ['ProtectHome=read-only']],
    ['/etc/app/token', 'read-only', ['ProtectSystem=full']],
    ['/etc/app/token', 'writable', ['ProtectSystem=yes']],
    ['/usr/token', 'read-only', ['ProtectSystem=yes']],
    ['/srv/token', 'writable', []],
    ['/var/lib/x/token', 'writable', [...strict, 'StateDirectory=x']],
    ['/run/x/token', 'writable', [...strict, 'ReadWritePaths=%t/x']],
    [
      '/run/tokenrelay/token',
      'writable',
      ['ReadOnlyPaths=/', 'ReadWritePaths=/var/run/tokenrelay /var/log/tokenrelay'],
    ],
    ['/srv/token', 'read-only', ['ReadOnlyPaths=/', 'ReadWritePaths=/var/run/tokenrelay /var/log/tokenrelay']],
  ])('%s is %s', (path, access, lines) => {
    expect(unitAccess(unitOf(...lines), path)).toBe(access);
  });

  it('lists the folders that it creates, or that must exist', () => {
    const unit = unitOf('RuntimeDirectory=a:link b', 'LogsDirectory=c', 'ReadWritePaths=-/d /var/run/e');
    expect(madeFolders(unit)).toEqual(['/run/a', '/run/b', '/var/log/c']);
    expect(requiredFolders(unit)).toEqual(['/run/e']);
  });
});
