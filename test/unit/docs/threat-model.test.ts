import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

// Each mitigation of the threat model names the test that verifies it, as `file`: "title".

const FOLDER = 'docs/explanation/threat-model';
const pages = readdirSync(FOLDER);

interface Named {
  file: string;
  titles: string[];
}

/** Returns the folder of the files that a page names. The page about TokenRelay names files in TokenRelay's test folder. */
const pathOf = (file: string) =>
  ['test/', 'test/unit/clients/relay/'].map((folder) => folder + file).find(existsSync) ?? `test/${file}`;

/** Returns the tests that a page names. A title belongs to the last file that was named before it, in a table in the same row. */
function namedTests(markdown: string): Named[] {
  const named: Named[] = [];
  for (const line of markdown.split('\n')) {
    const inTable = line.startsWith('|');
    const text = inTable ? (line.split(' | ').at(-1) ?? '') : line;
    for (const [, file, , title] of text.matchAll(/`([\w./-]+\.test\.ts)`|(: )?"([^"]+)"/g)) {
      if (file !== undefined) named.push({ file: pathOf(file), titles: [] });
      else if (inTable || named.length > 0) named.at(-1)?.titles.push(title ?? '');
    }
  }
  return named;
}

/** Reports whether a source has a title. `…` in the title matches any text, and so does a placeholder in the source. */
function hasTitle(source: string, title: string): boolean {
  const quoted = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g;
  const candidates = [...source.matchAll(quoted)].map(([, ...texts]) =>
    (texts.find((text) => text !== undefined) ?? '').replace(/\\(.)/g, '$1'),
  );
  if (candidates.some((candidate) => candidate.includes(title.replace(/ …$/, '')))) return true;
  const wanted = title.replaceAll('…', ANY);
  return candidates
    .map((candidate) => candidate.replace(/%[sdijo#]|\$\{[^}]*\}|\$\w[\w.]*/g, ANY))
    .filter((candidate) => candidate.replace(/\W/g, '').length >= 3)
    .some((candidate) => overlap(candidate, wanted));
}

const ANY = '\0';

/** Reports whether a text exists that matches both patterns, in which `ANY` matches any text. */
function overlap(a: string, b: string): boolean {
  if (a === '' && b === '') return true;
  if (a[0] === ANY) return overlap(a.slice(1), b) || (b !== '' && overlap(a, b.slice(1)));
  if (b[0] === ANY) return overlap(b, a);
  return a !== '' && a[0] === b[0] && overlap(a.slice(1), b.slice(1));
}

describe.each(pages)('%s of the threat model', (page) => {
  const tests = namedTests(readFileSync(`${FOLDER}/${page}`, 'utf8'));

  it('names test files that exist', () => {
    expect(tests.map(({ file }) => file).filter((file) => !existsSync(file))).toEqual([]);
  });

  it('names titles that exist', () => {
    const missing = tests
      .filter(({ file }) => existsSync(file))
      .flatMap(({ file, titles }) => {
        const source = readFileSync(file, 'utf8');
        return titles.filter((title) => !hasTitle(source, title)).map((title) => `${file}: "${title}"`);
      });
    expect(missing).toEqual([]);
  });
});

it('names tests on most pages', () => {
  const named = pages.flatMap((page) => namedTests(readFileSync(`${FOLDER}/${page}`, 'utf8')));
  expect(named.flatMap(({ titles }) => titles).length).toBeGreaterThan(200);
});

it('a title is found literally, shortened, and filled in', () => {
  const source = `it("refuses %s of a request", run); it("is a user's", run);`;
  expect(hasTitle(source, 'refuses … of a request')).toBe(true);
  expect(hasTitle(source, 'refuses a member of a request')).toBe(true);
  expect(hasTitle(source, 'is a user’s')).toBe(false);
  expect(hasTitle(source, "is a user's")).toBe(true);
  expect(hasTitle(source, 'refuses everything')).toBe(false);
});
