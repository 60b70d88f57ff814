import { readFileSync } from 'node:fs';
import { textOfBytes } from '@tvm/cli/policy/files.ts';
import { readManifest } from '@tvm/gate/model/read-manifest.ts';
import { isMapping } from '@tvm/gate/model/values.ts';
import { describe, expect, it } from 'vitest';
import { type CorpusText, manifestTexts, READINGS, type Reading, templateTexts } from '#test/support/yaml-corpus.ts';

const recordOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Reading & { title: string });

/** Returns the values of a text’s documents, or why it is refused. */
function read({ text }: CorpusText): unknown[] | string {
  const manifest = readManifest(typeof text === 'string' ? text : textOfBytes(text));
  if ('problem' in manifest) return manifest.problem;
  return manifest.documents.map(({ value }) => value).filter((value) => value !== null);
}

/** Replaces numbers and booleans. CloudFormation converts them to text, and no rule depends on them. */
function withoutScalars(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutScalars);
  if (isMapping(value))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutScalars(each)]));
  return typeof value === 'string' && Number.isNaN(Number.parseFloat(value)) && !/^[yn]$/i.test(value)
    ? value.trim()
    : 0;
}

describe('a manifest', () => {
  const record = recordOf(READINGS.kubectl);

  it.each(
    manifestTexts.map((text, index) => [text.title, text, record[index]] as const),
  )('with %s is read as kubectl reads it, or refused', (title, text, reading) => {
    expect(reading?.title).toBe(title);
    const values = read(text);
    expect(typeof values === 'string').toBe(text.refused);
    // What kubectl refuses cannot be deployed.
    if (!text.refused && reading !== undefined && 'values' in reading) expect(values).toEqual(reading.values);
  });

  it('is refused only where kubectl refuses it, too, or another reader would read another value', () => {
    const both = manifestTexts.filter(({ refused }, index) => refused && 'values' in (record[index] ?? {}));
    expect(both.length).toBeLessThan(manifestTexts.length / 6);
  });
});

describe('a template', () => {
  const record = recordOf(READINGS.cfnLint);

  it.each(
    templateTexts.map((text, index) => [text.title, text, record[index]] as const),
  )('with %s is read as cfn-lint reads it, or refused', (title, text, reading) => {
    expect(reading?.title).toBe(title);
    const values = read(text);
    expect(typeof values === 'string').toBe(text.refused);
    if (typeof values !== 'string' && reading !== undefined && 'values' in reading) {
      expect(values.map(withoutScalars)).toEqual(reading.values.map(withoutScalars));
    }
  });
});

it.each([
  ['!!merge <<: *a', true],
  ['!!merge b: *a', false],
])('the merge tag of %s is read: %s', (line, isRead) => {
  expect('documents' in readManifest(`a: &a { c: 1 }\nd:\n  ${line}\n`)).toBe(isRead);
});
