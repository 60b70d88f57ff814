import { openApiDocument } from '@tvm/contract/openapi.ts';
import { expect, it } from 'vitest';
import { EVERYTHING, FEDERATED, methodsOf, synthesize } from './synthesize.ts';

const template = synthesize(EVERYTHING, '', FEDERATED);

it('the OpenAPI document has every method of the API, public ones as public', () => {
  const { paths } = openApiDocument() as { paths: Record<string, Record<string, { security?: [] }>> };
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      call: `${method.toUpperCase()} ${path}`,
      open: security !== undefined,
    })),
  );
  // The unit test of the document checks HEAD for each public GET. OPTIONS is only for browsers.
  const byCall = (methods: { call: string; open: boolean }[]) =>
    methods.filter(({ call }) => !/^(HEAD|OPTIONS) /.test(call)).sort((a, b) => a.call.localeCompare(b.call));
  expect(byCall(documented)).toEqual(byCall(methodsOf(template)));
});
