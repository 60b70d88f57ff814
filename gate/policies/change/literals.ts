import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { operation, pathOf, type Two } from '@tvm/core/policy/expression.ts';
import { reads } from '../conditions.ts';

/** The literals with which conditions compare attributes, by path, as in `context.audience`. */
export interface Literals {
  texts(path: string): string[];
  numbers(path: string): number[];
  /** The numbers in all comparisons with the attribute or a part of it, as in `context.behaviour.issued + 2 < 5`. */
  numbersNear(path: string): number[];
  sets(path: string): string[][];
  /** The paths of the other attributes with which an attribute is compared. */
  attributes(path: string): string[];
  /** The arguments of all calls of a function, such as `datetime` or `ip`. */
  arguments(fn: string): string[];
  /** Reports whether a function is called. */
  calls(fn: string): boolean;
  /** The `like` patterns of an attribute, each as its texts between wildcards. */
  patterns(path: string): string[][];
}

const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];

/** Collects the literals of conditions. */
export function literalsOf(conditions: readonly cedar.Expr[]): Literals {
  const found = new Map<string, { texts: Set<string>; numbers: Set<number>; sets: string[][]; others: Set<string> }>();
  const called = new Map<string, Set<string>>();
  const comparisons: unknown[] = [];
  const operators = new Set<string>();
  const patterns = new Map<string, string[][]>();
  const of = (path: string) => {
    const known = found.get(path) ?? { texts: new Set(), numbers: new Set(), sets: [], others: new Set<string>() };
    found.set(path, known);
    return known;
  };
  const note = (path: string | undefined, other: cedar.Expr) => {
    if (path === undefined) return;
    const related = pathOf(other);
    if (related !== undefined) of(path).others.add(related);
    const [kind, value] = operation(other);
    if (kind === 'Value' && typeof value === 'string') of(path).texts.add(value);
    if (kind === 'Value' && typeof value === 'number') of(path).numbers.add(value);
    if (kind === 'Set') {
      const texts = (value as cedar.Expr[]).flatMap((element) => {
        const [, text] = operation(element);
        return typeof text === 'string' ? [text] : [];
      });
      of(path).sets.push(texts);
      for (const text of texts) of(path).texts.add(text);
    }
  };
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      for (const element of node) walk(element);
      return;
    }
    for (const [operator, operand] of Object.entries(node)) {
      operators.add(operator);
      if (COMPARISONS.includes(operator)) comparisons.push(operand);
      if (typeof operand === 'object' && operand !== null && 'left' in operand && 'right' in operand) {
        const { left, right } = operand as Two;
        note(pathOf(left), right);
        note(pathOf(right), left);
      }
      if (operator === 'like') {
        const { left, pattern } = operand as { left: cedar.Expr; pattern: cedar.PatternElem[] };
        const path = pathOf(left);
        if (path !== undefined) {
          const parts = partsOf(pattern);
          patterns.set(path, [...(patterns.get(path) ?? []), parts]);
          // Two matching texts: one with every wildcard replaced, one with every wildcard empty.
          for (const text of [parts.join('x'), parts.join('')]) if (text !== '') of(path).texts.add(text);
        }
      }
      if (Array.isArray(operand) && operand.length === 1) {
        const [kind, value] = operation(operand[0] as cedar.Expr);
        if (kind === 'Value' && typeof value === 'string')
          called.set(operator, (called.get(operator) ?? new Set()).add(value));
      }
      walk(operand);
    }
  };
  walk(conditions);
  return {
    texts: (path) => [...(found.get(path)?.texts ?? [])],
    numbers: (path) => [...(found.get(path)?.numbers ?? [])],
    sets: (path) => found.get(path)?.sets ?? [],
    attributes: (path) => [...(found.get(path)?.others ?? [])],
    arguments: (fn) => [...(called.get(fn) ?? [])],
    calls: (fn) => operators.has(fn),
    patterns: (path) => patterns.get(path) ?? [],
    numbersNear: (path) => [...new Set(comparisons.filter((comparison) => reads(comparison, path)).flatMap(numbersIn))],
  };
}

/** Returns the texts of a pattern between its wildcards. */
function partsOf(pattern: readonly cedar.PatternElem[]): string[] {
  const parts = [''];
  for (const element of pattern) {
    if (element === 'Wildcard') parts.push('');
    else parts.push(`${parts.pop() ?? ''}${element.Literal}`);
  }
  return parts;
}

function numbersIn(node: unknown): number[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('Value' in node && typeof node.Value === 'number') return [node.Value];
  return Object.values(node).flatMap(numbersIn);
}
