import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import type { CedarRequest } from './authorization-request.ts';

/** One condition of a policy. A policy matches only if all its conditions are true. */
export interface Conjunct {
  /** The condition as Cedar formats it. */
  text: string;
  /** Whether the condition depends on the workload: it reads `principal`, or names a workload or a trust entry. */
  ofPrincipal: boolean;
  /** Literals that the condition compares the request with. */
  literals: Literals;
}

/** The literals in a condition, and the attributes of `context` that it reads. */
export interface Literals {
  attributes: ReadonlySet<string>;
  strings: readonly string[];
  numbers: readonly number[];
  /** The sets of strings in the condition. */
  sets: readonly (readonly string[])[];
  /** The locations of the `Resource` entities in the condition. */
  locations: readonly string[];
}

/** A policy split into parts. The policy matches only if all its parts match. */
export interface SplitPolicy {
  /** The constraints of the scope as Cedar formats them; `undefined` for a part without a constraint. */
  scope: Record<ScopePart, string | undefined>;
  conjuncts: Conjunct[];
  /** Each part as a separate policy, by the name of the part. {@link evaluateParts} evaluates them. */
  parts: Record<string, string>;
}

export type ScopePart = 'principal' | 'action' | 'resource';
export const SCOPE_PARTS: readonly ScopePart[] = ['principal', 'action', 'resource'];

/** The result of evaluating one condition alone: true, false or an error. */
export type Outcome = 'held' | 'failed' | 'erred';

export interface EvaluatedParts {
  scope: Record<ScopePart, boolean>;
  /** One result per conjunct, in the policy's order. */
  conjuncts: Outcome[];
  /**
   * The result of the whole policy. Like Cedar, evaluation stops at the first condition that is not true, so a later
   * error has no effect.
   */
  whole: Outcome;
}

/**
 * Splits a policy into the parts that must all match.
 *
 * Cedar reports whether a policy matched, but not why it did not match. Partial evaluation does not help, because the
 * residual of a complete request is just true or false. So each operand of `&&` in a `when` clause becomes a separate
 * condition, and each operand of `||` in an `unless` clause becomes a separate negated condition.
 *
 * @param policy text of the policy
 * @see https://docs.cedarpolicy.com/policies/syntax-policy.html
 */
export function splitPolicy(policy: string): SplitPolicy {
  const numbers = withSubstitutes(policy);
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

/** Evaluates every part of a policy separately, in one call to Cedar. */
export function evaluateParts(split: SplitPolicy, request: CedarRequest): EvaluatedParts {
  const answer = cedar.statefulIsAuthorized({ ...request, preparsedPolicySetId: parsedName(split) });
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

/** Maximum number of split policies that Cedar caches. Parsing is most of the work. */
const MAX_PARSED = 1_000;

// Cedar caches parsed policies by ID for the whole process. The oldest ID is reused first.
const cached: SplitPolicy[] = [];
const numberOf = new WeakMap<SplitPolicy, number>();
let next = 0;

function parsedName(split: SplitPolicy): string {
  let number = numberOf.get(split);
  if (number === undefined || cached[number] !== split) {
    number = next;
    next = (next + 1) % MAX_PARSED;
    const answer = cedar.preparsePolicySet(`parts-${number}`, { staticPolicies: split.parts });
    if (answer.type === 'failure') throw new Error('a part of a policy does not parse');
    cached[number] = split;
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

// An expression has exactly one operator, but its type in Cedar does not allow a lookup by operator.
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

/** The conditions that must all be true for an expression to be false. */
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

/** Pairs of operators with opposite results. Both read the same operands, so both fail for the same operands. */
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
      // The property names of a record are not operators, although they may look like operators.
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
    ofPrincipal ||= type === 'Workload' || type === 'Trust';
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
  if (answer.type === 'failure') throw new Error('Cedar cannot format a policy that it has parsed');
  return answer.text;
}

/** Matches strings, comments, and numbers with so many digits that JavaScript may lose precision. */
const LONG_NUMBERS = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\b[0-9]{16,}\b/g;

/**
 * Replaces numbers that are too large for JavaScript with substitutes. A Cedar Long has 64 bits, and JavaScript would
 * round the number when it parses the JSON of Cedar's syntax tree.
 */
function withSubstitutes(policy: string): { replaced: string; restored(text: string): string } {
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
