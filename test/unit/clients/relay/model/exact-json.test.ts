import fc from 'fast-check';
import { parseExactly, rounded, valueTexts } from 'tokenrelay/model/exact-json.ts';
import { describe, expect, it } from 'vitest';

/** A number in the grammar of JSON (RFC 8259, section 6), of any size. */
const numberText = fc.stringMatching(/^-?(0|[1-9]\d{0,40})(\.\d{1,40})?([eE][+-]?\d{1,4})?$/);

describe('exact JSON', () => {
  it('keeps the text of each number, at any depth', () => {
    fc.assert(
      fc.property(numberText, (number) => {
        const parsed = parseExactly(`{"v":${number},"deep":[{"v":${number}}]}`) as Record<string, unknown>;
        expect(valueTexts(parsed)).toEqual({ v: number, deep: `[{"v":${number}}]` });
        expect(rounded(parsed.v)).toBe(JSON.parse(number));
      }),
    );
  });

  it('is read like other JSON otherwise', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseExactly(text))).toBe(text);
      }),
    );
    expect(() => parseExactly('{')).toThrow(SyntaxError);
  });

  it('has no text for null, and keeps every name', () => {
    const parsed = parseExactly('{"a":null,"b":"","__proto__":1,"":true}') as Record<string, unknown>;
    expect(Object.entries(valueTexts(parsed)).toSorted()).toEqual([
      ['', 'true'],
      ['__proto__', '1'],
      ['b', ''],
    ]);
  });
});
