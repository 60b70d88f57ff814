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

/**
 * Reports whether a source has a title: literally, or as a template whose placeholders are filled with texts of the
 * source. `…` in the title stands for any text.
 */
function hasTitle(source: string, title: string): boolean {
  const quoted = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g;
  const texts = [...source.matchAll(quoted)].map(([, ...parts]) =>
    (parts.find((part) => part !== undefined) ?? '').replace(/\\(.)/g, '$1'),
  );
  const contains = (part: string) => texts.some((text) => text.includes(part));
  const shortened = new RegExp(
    title
      .split(/\s*…\s*/)
      .map(escaped)
      .join('.*'),
  );
  return texts.some((text) => shortened.test(text) || filledIn(text, title)?.every(contains));
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Returns the texts that replace the placeholders of a template in a title, or `undefined` if they do not match. */
function filledIn(template: string, title: string): string[] | undefined {
  const literals = template.split(/%[sdijo#]|\$\{[^}]*\}|\$\w[\w.]*/);
  if (literals.length === 1 || !title.startsWith(literals[0] ?? '')) return undefined;
  let rest = title;
  const filled: string[] = [];
  for (const literal of literals) {
    const at = rest.indexOf(literal);
    if (at < 0) return undefined;
    filled.push(rest.slice(0, at));
    rest = rest.slice(at + literal.length);
  }
  return [...filled, rest].flatMap((text) => text.split(/\s*…\s*/)).filter((text) => /\w{2}/.test(text));
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
  const source = `it.each(['a member'])("refuses %s of a request", run); it("is a user's", run);`;
  expect(hasTitle(source, 'refuses … of a request')).toBe(true);
  expect(hasTitle(source, 'refuses a member of a request')).toBe(true);
  expect(hasTitle(source, 'refuses a header of a request')).toBe(false);
  expect(hasTitle(source, 'is a user’s')).toBe(false);
  expect(hasTitle(source, "is a user's")).toBe(true);
  expect(hasTitle(source, 'refuses everything')).toBe(false);
});
