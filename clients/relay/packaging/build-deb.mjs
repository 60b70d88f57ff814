/**
 * `node packaging/build-deb.mjs [--executable] [FOLDER]`: builds a Debian package of the agent in FOLDER (default:
 * dist) with `dpkg-deb`. The package depends on Node; with --executable, it contains Node.
 *
 * @see https://www.debian.org/doc/debian-policy/
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ options: { executable: { type: 'boolean' } }, allowPositionals: true });
const executable = values.executable === true;
const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));
const { version, description } = JSON.parse(readFileSync(here('../package.json'), 'utf8'));
const architecture = executable ? execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim() : 'all';

/** The files to install: [source, path, mode]. */
const files = [
  [here('systemd/tokenrelay.service'), 'usr/lib/systemd/system/tokenrelay.service', 0o644],
  [here('systemd/sysusers.conf'), 'usr/lib/sysusers.d/tokenrelay.conf', 0o644],
  [here('systemd/tmpfiles.conf'), 'usr/lib/tmpfiles.d/tokenrelay.conf', 0o644],
  [here('systemd/foreign-owners.conf'), 'usr/share/doc/tokenrelay/examples/foreign-owners.conf', 0o644],
  [here('cloud-init.yaml'), 'usr/share/doc/tokenrelay/examples/cloud-init.yaml', 0o644],
  [here('../../../docs/how-to/tokenrelay.md'), 'usr/share/doc/tokenrelay/how-to/tokenrelay.md', 0o644],
  // The same relative path as in the repository, so that links between the documents work.
  [here('../../../docs/reference/tokenrelay.md'), 'usr/share/doc/tokenrelay/reference/tokenrelay.md', 0o644],
  [here('../../../LICENSE'), 'usr/share/doc/tokenrelay/copyright', 0o644],
  [here('../../../docs/reference/tokenrelay.schema.json'), 'usr/share/tokenrelay/configuration.schema.json', 0o644],
];

const control = `Package: tokenrelay
Version: ${version}
Section: admin
Priority: optional
Architecture: ${architecture}
Maintainer: TokenRelay <tokenrelay@localhost>
Depends: ${executable ? 'libc6, libstdc++6' : 'nodejs (>= 22.14)'}
Recommends: systemd, ca-certificates
Description: ${description}
 One daemon with one configuration file for tokens, their sources and their outputs.
`;

const work = mkdtempSync(join(tmpdir(), 'tokenrelay-deb-'));
try {
  const root = join(work, 'root');
  const place = (/** @type {string} */ from, /** @type {string} */ to, /** @type {number} */ mode) => {
    const path = join(root, to);
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    copyFileSync(from, path);
    chmodSync(path, mode);
  };
  for (const [from, to, mode] of files) place(String(from), String(to), Number(mode));
  if (executable) {
    const program = join(work, 'tokenrelay');
    execFileSync(process.execPath, [here('build-executable.mjs'), program], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    place(program, 'usr/bin/tokenrelay', 0o755);
  } else {
    place(here('../dist/tokenrelay.cjs'), 'usr/bin/tokenrelay', 0o755);
  }
  const debian = join(root, 'DEBIAN');
  mkdirSync(debian, { mode: 0o755 });
  writeFileSync(join(debian, 'control'), control, { mode: 0o644 });
  for (const script of ['postinst', 'prerm', 'postrm']) place(here(`debian/${script}`), `DEBIAN/${script}`, 0o755);

  const folder = resolve(positionals[0] ?? here('../dist'));
  mkdirSync(folder, { recursive: true });
  const target = join(folder, `tokenrelay_${version}_${architecture}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', root, target], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  console.error(`Written: ${target}`);
} finally {
  rmSync(work, { recursive: true });
}
