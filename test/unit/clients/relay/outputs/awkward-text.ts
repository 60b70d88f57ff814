import fc from 'fast-check';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no environment variable may have
const UNREADABLE = /[\0-\x08\x0a-\x1f\x7f]|\p{Noncharacter_Code_Point}/gu;

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

/** Text of characters that shells and systemd heed, and of any others that an environment variable may hold. */
export const awkwardText = fc
  .array(any, { minLength: 1 })
  .map((parts) => parts.join('').replace(UNREADABLE, ''))
  .filter((text) => text !== '');
