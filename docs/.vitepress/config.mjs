import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { defineConfig } from 'vitepress';

// The site of these pages: `npm run docs` writes it to .local/site.

const docs = resolve(import.meta.dirname, '..');

const titleOf = (file) => /^# (.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? file;

/** The positions of the pages on the index page. */
const links = readFileSync(join(docs, 'index.md'), 'utf8').matchAll(/\]\(([\w/.-]+\.md)\)/g);
const positions = new Map([...links].map(([, page], position) => [page, position]));

/**
 * Returns a group of the sidebar: the pages of a folder, so that a new page needs no change here. Pages are in the order
 * in which the index page links to them, otherwise by title.
 */
function group(text, folder) {
  const pages = readdirSync(join(docs, folder)).filter((name) => name.endsWith('.md'));
  const items = pages.map((name) => {
    const link = `/${folder}/${name === 'index.md' ? '' : name.slice(0, -'.md'.length)}`;
    return { text: titleOf(join(docs, folder, name)), link };
  });
  const rank = ({ link }) =>
    link.endsWith('/') ? -1 : (positions.get(`${link.slice(1)}.md`) ?? Number.POSITIVE_INFINITY);
  const inOrder = (a, b) => (rank(a) === rank(b) ? a.text.localeCompare(b.text) : rank(a) - rank(b));
  return { text, items: items.toSorted(inOrder), collapsed: true };
}

const sidebar = [
  {
    text: 'Documentation',
    items: [
      { text: 'All pages', link: '/' },
      { text: 'Glossary', link: '/glossary' },
    ],
  },
  { ...group('Tutorials', 'tutorials'), collapsed: false },
  { ...group('How-to guides', 'how-to'), collapsed: false },
  group('Reference', 'reference'),
  group('Explanation', 'explanation'),
  group('Threat model', 'explanation/threat-model'),
  group('Decision records', 'adr'),
];

/** Turns links to files outside of the pages into plain text: the site does not have these files. */
function withoutForeignLinks(md) {
  md.core.ruler.after('inline', 'foreign-links', ({ tokens, env }) => {
    for (const { children } of tokens) {
      if (!children) continue;
      let dropped = false;
      for (const token of children) {
        if (token.type === 'link_open') {
          const href = token.attrGet('href') ?? '';
          const target = resolve(dirname(env.path), href.split('#')[0]);
          const local = !/^[a-z]+:|^#/.test(href);
          dropped = local && (relative(docs, target).startsWith('..') || !/\.md$/.test(target) || !existsSync(target));
        }
        if (dropped && /^link_(open|close)$/.test(token.type)) {
          if (token.type === 'link_close') dropped = false;
          Object.assign(token, { type: 'text', tag: '', nesting: 0, content: '' });
        }
      }
    }
  });
}

/** Omits comments: without HTML, Markdown would show them as text. */
function withoutComments(md) {
  md.core.ruler.before('normalize', 'comments', (state) => {
    state.src = state.src.replace(/^<!--.*?-->\n/gms, '\n');
  });
}

/** Shows `{{ … }}` as it is written: Vue would evaluate it. */
function withoutInterpolation(md) {
  for (const rule of ['text', 'code_inline']) {
    const render = md.renderer.rules[rule];
    md.renderer.rules[rule] = (...args) => render(...args).replaceAll('{{', '&#123;&#123;');
  }
}

/** Leaves a Mermaid diagram to the theme, which draws it in the browser. */
function withDiagrams(md) {
  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, ...rest) =>
    tokens[index].info.trim() === 'mermaid'
      ? `<MermaidDiagram code="${encodeURIComponent(tokens[index].content)}" />`
      : fence(tokens, index, ...rest);
}

export default defineConfig({
  title: 'Token Vending Machine',
  description: 'Short-lived tokens that permit exactly what a workload may do, and no more',
  outDir: '../.local/site',
  cacheDir: '../.local/site-cache',
  lastUpdated: false,
  markdown: {
    // In these pages, `<stage>` and `{{ token }}` are text, never HTML or a template.
    html: false,
    languageAlias: { cedar: 'rust', rego: 'rust' },
    config(md) {
      withoutComments(md);
      withoutForeignLinks(md);
      withoutInterpolation(md);
      withDiagrams(md);
    },
  },
  themeConfig: { sidebar, outline: [2, 3], search: { provider: 'local' } },
  vite: { build: { chunkSizeWarningLimit: 5000 } },
});
