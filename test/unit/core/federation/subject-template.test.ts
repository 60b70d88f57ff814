import { mapSubject, parseSubjectTemplate } from '@tvm/core/federation/subject-template.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

function parts(template: string, kept: Record<string, string[]> = {}) {
  const parsed = parseSubjectTemplate(template, kept);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.parts;
}

const subjectOf = (template: string, claims: Record<string, unknown>) => {
  const mapped = mapSubject(parts(template), claims);
  return 'subject' in mapped ? mapped.subject : undefined;
};

describe('the template of a mapped subject', () => {
  it('inserts claims at the top level, and kept claims by their names', () => {
    expect(parts('a:{x}:{ns}', { ns: ['kubernetes.io', 'namespace'] })).toEqual([
      'a:',
      ['x'],
      ':',
      ['kubernetes.io', 'namespace'],
    ]);
    expect(subjectOf('repo:{id}', { id: 7 })).toBe('repo:7');
    expect(subjectOf('{example.com/id}', { 'example.com/id': 'a' })).toBe('a');
  });

  it.each([[undefined], [null], [''], [true], [1.5], [['a']], [{}]])('inserts no %j', (value) => {
    expect(subjectOf('{id}', { id: value })).toBeUndefined();
  });

  it('reads no inherited member', () => {
    expect(subjectOf('{constructor}', {})).toBeUndefined();
    expect(subjectOf('{toString}', {})).toBeUndefined();
  });

  it('maps different claims to different subjects', () => {
    const text = fc.stringMatching(/^[ab:/]{1,5}$/);
    const separator = fc.constantFrom(':', '::', '/', ':a', ':/');
    fc.assert(
      fc.property(separator, text, text, text, text, (between, a, b, c, d) => {
        const template = `t:{x}${between}{y}`;
        const [first, second] = [subjectOf(template, { x: a, y: b }), subjectOf(template, { x: c, y: d })];
        if (first !== undefined && first === second) expect([a, b]).toEqual([c, d]);
      }),
      { numRuns: 2_000 },
    );
  });
});
