import fc from 'fast-check';

// biome-ignore lint/suspicious/noControlCharactersInRegex: environment variables must not contain them
const UNREADABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|\p{Noncharacter_Code_Point}/gu;

const heeded = fc.constantFrom(
  '"',
  "'",
  '\\',
  '$',
  '`',
  '~',
  '!',
  '#',
  ';',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\\\n',
  '*',
  '{a,b}',
  '(',
  '&',
  '|',
  '<',
  '=~',
  '$(id)',
  '`id`',
  '\\\\',
  '=',
  ':~',
);
const any = fc.oneof(
  heeded,
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
);

/** Text with characters that are special to shells and systemd, and any others that a variable may contain. */
export const awkwardText = fc
  .array(any, { minLength: 1 })
  .map((parts) => parts.join('').replace(UNREADABLE, ''))
  .filter((text) => text !== '');
