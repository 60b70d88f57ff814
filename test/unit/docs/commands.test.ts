import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { createProgram as createTvm } from '@tvm/cli/program.ts';
import type { Command } from 'commander';
import { createProgram as createRelay } from 'tokenrelay/program.ts';
import { describe, expect, it } from 'vitest';

// Commands and text that a reader copies must work on any day. Sample output may contain dates.

const LITERAL_DATE = /\b20[2-9]\d-\d\d/;

/**
 * Returns the text that a reader copies from a page: shell blocks, commands after a prompt, commands in a sentence, and
 * suppression comments, which contain a date.
 */
function copyable(markdown: string): string[] {
  const fences = [...markdown.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)];
  const shell = fences.filter(([, , language]) => language === 'sh').map(([, , , text = '']) => text);
  const inline = markdown.matchAll(/`((?:npx |\$ )?(?:tvm|tokenrelay|aws|cdk|curl) [^`]*)`/g);
  const suppressions = markdown.matchAll(/^.*tvm-allow .*$/gm);
  return [
    ...shell.flatMap((text) => text.split('\n')),
    ...prompted(markdown),
    ...texts(inline),
    ...texts(suppressions),
  ];
}

/** Returns the lines that start with a prompt, with their continuation lines. */
const prompted = (text: string) => texts(text.matchAll(/^ *\$ ((?:.*\\\n)*.*)$/gm));

const texts = (matches: Iterable<RegExpMatchArray>) => [...matches].map(([all, group]) => group ?? all);

const dated = (commands: string[]) => commands.filter((command) => LITERAL_DATE.test(command));

/** The pages that people write. The pages in `reference` are generated. */
const pages = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' })
  .split('\n')
  .filter((name) => name !== '' && name !== 'CHANGELOG.md' && !/^docs\/(reference|adr)\//.test(name));

describe('the commands that a reader copies', () => {
  it.each(pages)('from %s have no literal date', (page) => {
    expect(dated(copyable(readFileSync(page, 'utf8')))).toEqual([]);
  });

  it('are found in code blocks, transcripts, sentences and suppressions, but not in sample output', () => {
    const page = [
      '1. First:',
      '   ```sh',
      '   tvm audit query --from 2026-11-22',
      '   ```',
      '`tvm tokens list --issued-after 2026-11-23` lists.',
      '```text',
      '$ tvm explain \\',
      '    --at 2026-11-24T22:00:00Z',
      'expires   in 10m, at 2026-11-22T20:12:00Z',
      '```',
      '// tvm-allow policy/write-lifetime until 2026-11-25: slow',
    ];
    const days = dated(copyable(page.join('\n'))).map((command) => /2026-11-(\d\d)/.exec(command)?.[1]);
    expect(days).toEqual(['22', '24', '23', '25']);
    expect(pages).toContain('README.md');
  });
});

describe.each([
  ['tvm', createTvm()],
  ['tokenrelay', createRelay()],
])('the help of %s', (_, program) => {
  const helps = allOf(program).map(helpOf);
  const examples = helps.flatMap(copyable);

  it('has examples without literal dates', () => {
    expect(examples.length).toBeGreaterThan(5);
    expect(dated(examples)).toEqual([]);
  });

  it('fits into 80 columns', () => {
    const lines = helps.flatMap((help) => stripVTControlCharacters(help).split('\n'));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('describes each option with a phrase in lower case', () => {
    const described = allOf(program).flatMap(({ options }) => options.filter(({ hidden }) => !hidden));
    const sentences = described.filter(
      ({ description }) => !/^([a-z@-]|[A-Z]{2}|Cluster|Rego|Validating).*[^.]$/.test(description),
    );
    expect(sentences.map(({ long, description }) => `${long}: ${description}`)).toEqual([]);
  });
});

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

function helpOf(command: Command): string {
  const written: string[] = [];
  command.configureOutput({ writeOut: (text) => written.push(text) }).outputHelp();
  return written.join('');
}
