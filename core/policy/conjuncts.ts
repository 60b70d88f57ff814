import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import type { Question } from './authorization-request.ts';

/** One of the conditions of a policy that must all hold for it to match. */
export interface Conjunct {
  /** As Cedar writes it. */
  text: string;
  /** Whether it tells workloads apart: it speaks of `principal`, or names one. */
  ofPrincipal: boolean;
  /** What it compares the request with. */
  literals: Literals;
}

/** The values that a condition names, and the attributes of `context` that it reads. */
export interface Literals {
  attributes: ReadonlySet<string>;
  strings: readonly string[];
  numbers: readonly number[];
  /** The sets of strings among them, each as it stands. */
  sets: readonly (readonly string[])[];
  /** The locations among the entities. */
  locations: readonly string[];
}

/** A policy in the parts that must all hold for it to match. */
export interface SplitPolicy {
  /** What the scope asks for, as Cedar writes it; `undefined` where it takes anything. */
  scope: Record<ScopePart, string | undefined>;
  conjuncts: Conjunct[];
  /** Each part as a policy of its own, by its name here: what judgeParts asks Cedar about. */
  parts: Record<string, string>;
}

export type ScopePart = 'principal' | 'action' | 'resource';
export const SCOPE_PARTS: readonly ScopePart[] = ['principal', 'action', 'resource'];

/** How one condition turned out, judged alone. */
export type Outcome = 'held' | 'failed' | 'erred';

export interface JudgedParts {
  scope: Record<ScopePart, boolean>;
  /** Of each conjunct, in the policy's order. */
  conjuncts: Outcome[];
  /**
   * Of the policy as a whole, as Cedar would find it: it stops at the first condition that does not hold, so an error
   * behind that one never happens.
   */
  whole: Outcome;
}

/**
 * Splits a policy into the parts that must all hold for it to match.
 *
 * Cedar says whether a policy matched, not why it did not, and its residuals of a whole request collapse to true or
 * false. So every `&&` of a `when` becomes a condition of its own, and every `||` of an `unless` too, negated.
 *
 * @param policy its text
 * @see https://docs.cedarpolicy.com/policies/syntax-policy.html
 */
export function splitPolicy(policy: string): SplitPolicy {
  const numbers = standIns(policy);
  const parsed = cedar.policyToJson(numbers.replaced);
  if (parsed.type === 'failure') throw new Error('a policy of the bundle does not parse');
  const { principal, action, resource, conditions } = parsed.json;
  const conjuncts = conditions
    .flatMap(({ kind, body }) => (kind === 'when' ? conjunctsOf(body) : conjunctsOfNegated(body)))
    .map((expression) => ({ ...factsOf(expression), text: numbers.restored(textOf(expression)) }));
  const scope = {
    principal: scopeText({ principal }, 'permit(', ', action, resource);'),
    action: scopeText({ action }, 'permit(principal, ', ', resource);'),
    resource: scopeText({ resource }, 'permit(principal, action, ', ');'),
  };
  const parts: SplitPolicy['parts'] = {
    principal: `permit(${scope.principal ?? 'principal'}, action, resource);`,
    action: `permit(principal, ${scope.action ?? 'action'}, resource);`,
    resource: `permit(principal, action, ${scope.resource ?? 'resource'});`,
  };
  for (const [index, { text }] of conjuncts.entries()) parts[`c${index}`] = `${WHEN}${text}${END}`;
  return { scope, conjuncts, parts };
}

/** Has Cedar judge every part of a policy alone, all in one call. */
export function judgeParts(split: SplitPolicy, question: Question): JudgedParts {
  const answer = cedar.statefulIsAuthorized({ ...question, preparsedPolicySetId: parsedName(split) });
  if (answer.type === 'failure') throw new Error('Cedar refused an authorization request');
  const { decision, diagnostics } = answer.response;
  const held = new Set(decision === 'allow' ? diagnostics.reason : []);
  const erred = new Set(diagnostics.errors.map(({ policyId }) => policyId));
  const scope = { principal: held.has('principal'), action: held.has('action'), resource: held.has('resource') };
  const outcomes = split.conjuncts.map((_, index): Outcome => {
    if (erred.has(`c${index}`)) return 'erred';
    return held.has(`c${index}`) ? 'held' : 'failed';
  });
  const inScope = scope.principal && scope.action && scope.resource;
  const whole = inScope ? (outcomes.find((outcome) => outcome !== 'held') ?? 'held') : 'failed';
  return { scope, conjuncts: outcomes, whole };
}

/** How many policies' parts Cedar keeps parsed: parsing is most of the work. */
const MOST_PARSED = 1_000;

// Cedar keeps what it parsed by name, for the whole process: the names are used again, the oldest first.
const kept: SplitPolicy[] = [];
const numberOf = new WeakMap<SplitPolicy, number>();
let next = 0;

function parsedName(split: SplitPolicy): string {
  let number = numberOf.get(split);
  if (number === undefined || kept[number] !== split) {
    number = next;
    next = (next + 1) % MOST_PARSED;
    const answer = cedar.preparsePolicySet(`parts-${number}`, { staticPolicies: split.parts });
    if (answer.type === 'failure') throw new Error('a part of a policy does not parse');
    kept[number] = split;
    numberOf.set(split, number);
  }
  return `parts-${number}`;
}

const ANYTHING: cedar.PolicyJson = {
  effect: 'permit',
  principal: { op: 'All' },
  action: { op: 'All' },
  resource: { op: 'All' },
  conditions: [],
};

const WHEN = 'permit(principal, action, resource) when { ';
const END = ' };';

// An expression has one operator, but its type says so for Cedar's own functions only by a record.
type Operator = Record<string, unknown>;
type Binary = { left: cedar.Expr; right: cedar.Expr };

function conjunctsOf(expression: cedar.Expr): cedar.Expr[] {
  const { '&&': and, '!': not } = expression as Operator;
  if (and !== undefined) {
    const { left, right } = and as Binary;
    return [...conjunctsOf(left), ...conjunctsOf(right)];
  }
  if (not !== undefined) return conjunctsOfNegated((not as { arg: cedar.Expr }).arg);
  return [expression];
}

/** What must hold for an expression not to. */
function conjunctsOfNegated(expression: cedar.Expr): cedar.Expr[] {
  const { '||': or, '!': not } = expression as Operator;
  if (or !== undefined) {
    const { left, right } = or as Binary;
    return [...conjunctsOfNegated(left), ...conjunctsOfNegated(right)];
  }
  if (not !== undefined) return conjunctsOf((not as { arg: cedar.Expr }).arg);
  for (const [operator, opposite] of OPPOSITES) {
    const operands = (expression as Operator)[operator];
    if (operands !== undefined) return [{ [opposite]: operands } as unknown as cedar.Expr];
  }
  return [{ '!': { arg: expression } }];
}

/** They read the same operands, so they err alike. */
const OPPOSITES = [
  ['==', '!='],
  ['!=', '=='],
  ['<', '>='],
  ['>=', '<'],
  ['>', '<='],
  ['<=', '>'],
] as const;

function factsOf(expression: cedar.Expr): Omit<Conjunct, 'text'> {
  const attributes = new Set<string>();
  const strings: string[] = [];
  const numbers: number[] = [];
  const sets: string[][] = [];
  const locations: string[] = [];
  let ofPrincipal = false;

  function walk(node: unknown): void {
    if (Array.isArray(node)) {
      for (const element of node) walk(element);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    for (const [operator, operand] of Object.entries(node)) {
      if (operator === 'Var') ofPrincipal ||= operand === 'principal';
      else if (operator === 'Value') readValue(operand);
      // Its members have names of their own, which may be those of operators.
      else if (operator === 'Record') walk(Object.values(operand));
      else {
        if (operator === '.' || operator === 'has') noteAttribute(operand);
        if (operator === 'Set') sets.push(stringsOf(operand));
        walk(operand);
      }
    }
  }

  function readValue(value: unknown): void {
    if (typeof value === 'number') numbers.push(value);
    if (typeof value === 'string') {
      strings.push(value);
      ofPrincipal ||= parseWorkloadArn(value) !== undefined;
    }
    if (typeof value !== 'object' || value === null || !('__entity' in value)) return;
    const { type, id } = value.__entity as cedar.TypeAndId;
    ofPrincipal ||= type === 'Workload';
    if (type === 'Resource') locations.push(id);
  }

  function noteAttribute({ left, attr }: { left: cedar.Expr; attr: string | string[] }): void {
    if ('Var' in left && left.Var === 'context') attributes.add([attr].flat()[0] ?? '');
  }

  walk(expression);
  return { ofPrincipal, literals: { attributes, strings, numbers, sets, locations } };
}

function stringsOf(elements: unknown): string[] {
  return (elements as cedar.Expr[]).flatMap((element) =>
    'Value' in element && typeof element.Value === 'string' ? [element.Value] : [],
  );
}

function textOf(body: cedar.Expr): string {
  return written({ ...ANYTHING, conditions: [{ kind: 'when', body }] }).slice(WHEN.length, -END.length);
}

function scopeText(part: Partial<cedar.PolicyJson>, before: string, after: string): string | undefined {
  const alone = written({ ...ANYTHING, ...part });
  return alone === written(ANYTHING) ? undefined : alone.slice(before.length, -after.length);
}

function written(policy: cedar.PolicyJson): string {
  const answer = cedar.policyToText(policy);
  if (answer.type === 'failure') throw new Error('Cedar does not write a policy that it has read');
  return answer.text;
}

/** Strings, comments and numbers; of numbers, those with so many digits that JavaScript may not hold them. */
const LONG_NUMBERS = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\b[0-9]{16,}\b/g;

/**
 * Puts other numbers in the place of those that are too large for JavaScript: Cedar's syntax tree passes through it, and
 * a Cedar Long has 64 bits.
 */
function standIns(policy: string): { replaced: string; restored(text: string): string } {
  const numbers = new Map<string, string>();
  let next = Number.MAX_SAFE_INTEGER;
  const replaced = policy.replace(LONG_NUMBERS, (token) => {
    if (!/^[0-9]/.test(token)) return token;
    do next -= 1;
    while (policy.includes(String(next)));
    numbers.set(String(next), token);
    return String(next);
  });
  const restored = (text: string) => text.replace(LONG_NUMBERS, (token) => numbers.get(token) ?? token);
  return { replaced, restored };
}
