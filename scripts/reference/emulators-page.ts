import { type Difference, differences, type NotProbed, notProbed } from '#test/emulators/differences.ts';
import { type EmulatorName, notApplicable } from '#test/emulators/not-applicable.ts';

const names = Object.keys(notApplicable) as EmulatorName[];

/** What each emulator does otherwise than AWS, and which tests therefore say nothing on it. */
export function emulatorsPage(): string {
  return [
    '<!-- Made by `npm run generate` from test/emulators/. Change what is there, not this. -->\n',
    '# What the emulators do, and what AWS does',
    '',
    'A test asks the emulator at hand each of these, so this is what it does, until a test fails. ✓: as AWS.',
    'Where only one has ✓, the tests prove it on that one.',
    'Of AWS it is what the page says that is named, or else, where that is said, what its engine for development does:',
    'nothing here was run there.',
    '',
    ...Object.entries(differences).flatMap(([about, of]) => [
      `## ${about}`,
      '',
      ...table(Object.values(of), ({ does }, name) => (does[name] === does.AWS ? '✓' : does[name])),
    ]),
    '## Not probed',
    '',
    'What was seen once, and no test asks.',
    '',
    ...table(notProbed, ({ does }, name) => does[name]),
    '## Tests that are not applicable',
    '',
    'They are skipped on that emulator and counted as such, never as passed.',
    '',
    ...names.flatMap(skipped),
  ].join('\n');
}

function table<Row extends Difference | NotProbed>(
  rows: Row[],
  cell: (row: Row, name: EmulatorName) => string,
): string[] {
  return [
    `| AWS | ${names.join(' | ')} | held up instead by |`,
    `| --- | ${names.map(() => '---').join(' | ')} | --- |`,
    ...rows.map((row) => {
      const cells = names.map((name) => cell(row, name)).join(' | ');
      const aws = `${row.aws} ([AWS](https://docs.aws.amazon.com/${row.page}))`;
      return `| ${aws} | ${cells} | ${row.instead ?? ''} |`;
    }),
    '',
  ];
}

function skipped(name: EmulatorName): string[] {
  const groups = notApplicable[name];
  const count = groups.reduce((sum, { tests }) => sum + tests.length, 0);
  return [
    `### ${name}: ${count === 0 ? 'none' : count}`,
    '',
    ...groups.flatMap(({ reason, tests }) => [`Since ${reason}:`, '', ...tests.map((test) => `- \`${test}\``), '']),
  ];
}
