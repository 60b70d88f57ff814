/** The text of a number that JavaScript would write differently, such as 12345678901234567890 or 1.10. */
interface RawJson {
  readonly rawJSON: string;
}

/** The part of JavaScript that keeps the source text of JSON. @see https://tc39.es/proposal-json-parse-with-source/ */
const { parse, rawJSON, isRawJSON } = JSON as unknown as {
  parse(text: string, revive: (name: string, value: unknown, context: { source: string }) => unknown): unknown;
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
};

/**
 * Parses JSON without rounding numbers. A number that JavaScript would write with another text stays an object, which
 * `JSON.stringify` writes as it was.
 *
 * @throws {SyntaxError}
 */
export function parseExactly(text: string): unknown {
  return parse(text, (_name, value, { source }) =>
    typeof value === 'number' && String(value) !== source ? rawJSON(source) : value,
  );
}

/** Returns a number of `parseExactly` as a JavaScript number, which may be rounded, and any other value unchanged. */
export function rounded(value: unknown): unknown {
  return isRawJSON(value) ? Number(value.rawJSON) : value;
}

/** Returns JSON values as the values of a token, without nulls. An output fails only if it needs a value that was null. */
export function valueTexts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const text = valueText(value);
      return text === undefined ? [] : [[name, text] as const];
    }),
  );
}

/**
 * Returns a JSON value as the text of a token's value: a string unchanged, and anything else as JSON.
 *
 * @param value from `parseExactly`
 * @returns undefined for null, which is the absence of a value
 */
export function valueText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
