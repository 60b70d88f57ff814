import { JSON_POINTER, valueAt } from 'tokenrelay/sources/json-pointer.ts';
import { describe, expect, it } from 'vitest';

// The examples of RFC 6901 5.
const document = { foo: ['bar', 'baz'], '': 0, 'a/b': 1, 'c%d': 2, 'm~n': 8, '~1': 9, deep: { er: null } };

describe('a JSON Pointer', () => {
  it.each([
    ['/foo', document.foo],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/m~0n', 8],
    ['/~01', 9],
    ['/deep/er', null],
    ['/foo/2', undefined],
    ['/foo/-', undefined],
    ['/foo/01', undefined],
    ['/foo/length', undefined],
    ['/foo/0/0', undefined],
    ['/deep/er/x', undefined],
    ['/constructor', undefined],
    ['/__proto__/toString', undefined],
  ])('%s leads to %j', (pointer, value) => {
    expect(pointer).toMatch(JSON_POINTER);
    expect(valueAt(document, pointer)).toEqual(value);
  });

  it.each(['', 'foo', '/~', '/~2', '#/foo'])('is not %j', (text) => {
    expect(text).not.toMatch(JSON_POINTER);
  });
});
