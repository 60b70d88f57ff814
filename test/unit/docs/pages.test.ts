import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const GENERATED = /^docs\/reference\/(wire|events|configuration|gate-rules|tokenrelay|emulators)\.md$/;
const MAX_WORDS = 3000;
const MAX_README_WORDS = 900;

const read = (file: string) => readFileSync(file, 'utf8');
const wordsOf = (file: string) => read(file).split(/\s+/).filter(Boolean).length;

/** Returns a page without fenced code, in which `#` and `](` have another meaning. */
const prose = (markdown: string) => markdown.replace(/^( *)```.*?^\1```$/gms, '');

/** Returns the anchor that GitHub gives to a heading. */
const anchorOf = (heading: string) =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');

/** Returns all anchors of a page. A second heading of the same text gets `-1`, a third one `-2`. */
function anchorsOf(markdown: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose(markdown).matchAll(/^#{1,6} (.*)$/gm)) {
    const anchor = anchorOf(heading);
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}

/** Returns the broken relative links of a page. */
function brokenLinks(page: string, markdown = read(page)): string[] {
  const links = [...prose(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : normalize(join(dirname(page), path));
    if (!existsSync(target)) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(read(target)).has(anchor);
  });
}

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((name) => /^(docs\/.*|README|CONTRIBUTING|SECURITY|clients\/relay\/README)(\.md)?$/.test(name))
  .filter((name) => existsSync(name));

describe('the pages', () => {
  it.each(pages)('%s has no broken link or anchor', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it.each(pages.filter((page) => !GENERATED.test(page)))('%s has at most 3,000 words', (page) => {
    expect(wordsOf(page)).toBeLessThanOrEqual(MAX_WORDS);
  });

  it('are all on the index page, except decision records and pages of the threat model', () => {
    const linked = new Set(
      [...read('docs/index.md').matchAll(/\]\(([^)#\s]+)\)/g)].map(([, link = '']) => join('docs', link)),
    );
    const listed = pages.filter((page) => /^docs\/(?!adr\/|explanation\/threat-model\/|index\.md)/.test(page));
    expect(listed.filter((page) => !linked.has(page))).toEqual([]);
  });

  it('of the threat model are all on its index page', () => {
    const folder = 'docs/explanation/threat-model';
    const index = read(`${folder}/index.md`);
    const listed = pages.filter((page) => page.startsWith(`${folder}/`) && !page.endsWith('/index.md'));
    expect(listed.length).toBeGreaterThan(5);
    expect(listed.filter((page) => !index.includes(`(${page.slice(folder.length + 1)})`))).toEqual([]);
  });

  it('README.md has at most 900 words', () => {
    expect(wordsOf('README.md')).toBeLessThanOrEqual(MAX_README_WORDS);
  });
});

describe('a broken link', () => {
  const page = 'docs/index.md';

  it('is found if the file or the heading does not exist', () => {
    const markdown = '[a](nowhere.md) [b](index.md#nowhere) [c](#nowhere) [d](../README.md#nowhere)';
    expect(brokenLinks(page, markdown)).toEqual(['nowhere.md', 'index.md#nowhere', '#nowhere', '../README.md#nowhere']);
  });

  it('is not searched for in code or on the internet', () => {
    expect(brokenLinks(page, '```md\n[a](nowhere.md)\n```\n[b](https://example.com/#c)')).toEqual([]);
  });
});
