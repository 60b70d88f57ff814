import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConfigError, configSchema, parseConfig } from '#lib/config/config.ts';

// Overrides from the command line are validated like the file, so the values need no TOML document.

const leaf = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '*',
    '900',
    '1h',
    'arn:aws:iam::111122223333:role/a',
    'https://a.example',
    '__proto__',
    'a\nb',
  ),
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.date(),
);

/** All keys of the schema at any depth, so that generated values reach the checks. */
const KEYS = [...new Set([...JSON.stringify(shapeOf(configSchema)).matchAll(/"(\w+)":/g)].map(([, key = '']) => key))];

function shapeOf(schema: unknown): unknown {
  const { shape, element, options, valueType, def } = schema as Record<string, never>;
  if (shape !== undefined)
    return Object.fromEntries(Object.entries(shape).map(([key, member]) => [key, shapeOf(member)]));
  const { innerType, in: input } = (def ?? {}) as Record<string, unknown>;
  const inner = [innerType, input, element, valueType, ...(Array.isArray(options) ? options : [])];
  return inner.filter((one) => typeof one === 'object').map(shapeOf);
}

const key = fc.oneof(fc.constantFrom(...KEYS), fc.string());

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}));

const ZOD = /invalid (input|option|string|key|type)|expected|unrecognized|received|too (small|big)|undefined|\[object/i;

function isToldInSentences(settings: Record<string, unknown>): void {
  try {
    parseConfig('', 'config/x.toml', settings, { stage: 'x', region: 'eu-central-1', account: '111122223333' });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.message.split('\n');
    expect(new Set(lines).size).toBe(lines.length);
    for (const line of lines) {
      expect(line).toMatch(/^config\/x\.toml: \S+.* (must|is|can) /);
      expect(line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')).not.toMatch(ZOD);
    }
  }
}

it('has keys to test, including those in tables and lists', () => {
  expect(KEYS).toEqual(
    expect.arrayContaining(['throttle', 'audiences', 'certificate_arn', 'timeout_ms', 'issuing_spike']),
  );
});

it.each(Object.keys(configSchema.shape))('explains in sentences what is wrong with %s, for any value', (name) => {
  fc.assert(
    fc.property(value, (held) => isToldInSentences({ [name]: held })),
    { numRuns: 60 },
  );
});

it('explains in sentences what is wrong with any combination of keys', () => {
  fc.assert(fc.property(fc.dictionary(key, value, { maxKeys: 8 }), isToldInSentences), { numRuns: 300 });
});
