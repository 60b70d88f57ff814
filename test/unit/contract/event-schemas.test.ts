import { readdirSync, readFileSync } from 'node:fs';
import { auditEventExamples, revocationRequestedExample } from '@tvm/contract/event-examples.ts';
import { auditEvents, REVOCATION_REQUESTED } from '@tvm/contract/events.ts';
import { describe, expect, it } from 'vitest';
import { strictAjv } from '../../support/json-schema.ts';

const dir = new URL('../../../docs/reference/events/', import.meta.url);
const files = readdirSync(dir);
const ajv = strictAjv();

const examples: [type: string, detail: object][] = [
  ...auditEventExamples.map(({ detailType, detail }): [string, object] => [detailType, detail]),
  [REVOCATION_REQUESTED, revocationRequestedExample],
];

it('every kind of event has a schema and an example', () => {
  const types = [...Object.keys(auditEvents), REVOCATION_REQUESTED].sort();
  expect(examples.map(([type]) => type).sort()).toEqual(types);
  expect(files.map((file) => JSON.parse(readFileSync(new URL(file, dir), 'utf8')).title).sort()).toEqual(types);
});

describe.each(examples)('the schema of %s', (type, detail) => {
  const name = type.toLowerCase().replaceAll(' ', '-');
  const schema = JSON.parse(readFileSync(new URL(`${name}.schema.json`, dir), 'utf8'));
  const accepts = ajv.compile(schema);

  it('is JSON Schema 2020-12 and has a URN of its own', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(ajv.validateSchema(schema), ajv.errorsText()).toBe(true);
    expect(schema.$id).toBe(`urn:tvm:event:1:${name}`);
    expect(ajv.getSchema(schema.$id)).toBe(accepts);
  });

  it('accepts the example and refuses it with a member of a wrong type', () => {
    expect(accepts(detail), ajv.errorsText(accepts.errors)).toBe(true);
    for (const member of Object.keys(detail)) {
      expect(accepts({ ...detail, [member]: null }), member).toBe(false);
    }
  });

  it('refuses another version', () => {
    expect(accepts({ ...detail, version: '2' })).toBe(false);
  });
});
