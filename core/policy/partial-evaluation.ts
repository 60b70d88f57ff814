import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { operation, pathOf, type Two } from './expression.ts';

/** A value that is unknown before a request. */
export const UNKNOWN = Symbol('unknown');
/** An attribute that an entity does not have. */
export const ABSENT = Symbol('absent');
/** The result of an expression that cannot be evaluated, such as one that reads an absent attribute. */
const FAILS = Symbol('fails');

/** A Cedar value of a type that is supported. */
export type Value = string | number | boolean | Value[] | { type: string; id: string };
type Outcome = Value | typeof UNKNOWN | typeof FAILS;

/** A principal or resource, as far as it is known. */
export interface Thing {
  type: string | undefined;
  id: string | undefined;
  attribute(name: string): Value | typeof UNKNOWN | typeof ABSENT;
  /** Reports whether it is a given entity or in it; `undefined` if that is unknown. */
  isIn(entity: { type: string; id: string }): boolean | undefined;
}

/** A request, as far as it is known. */
export interface Situation {
  principal: Thing;
  action: string | undefined;
  resource: Thing;
  /** Additional attribute values by path. `principal.team?` is `true` if the attribute is present. */
  assumed: ReadonlyMap<string, Value>;
}

/** Looks up an entity that a policy names. */
export type Named = (entity: { type: string; id: string }) => Thing;

interface Known extends Situation {
  named: Named;
}

/**
 * Evaluates conditions that must all be true, with the known values.
 *
 * The result is that of Cedar, or `undefined` if Cedar would need unknown values. A condition that cannot be evaluated is
 * false, because the service denies a request then.
 */
export function holds(conditions: readonly cedar.Expr[], situation: Situation, named: Named): boolean | undefined {
  const known = { ...situation, named };
  let all: boolean | undefined = true;
  for (const condition of conditions) {
    const outcome = evaluate(condition, known);
    if (outcome === false || outcome === FAILS) return false;
    if (outcome !== true) all = undefined;
  }
  return all;
}

const ANYTHING: Thing = { type: undefined, id: undefined, attribute: () => UNKNOWN, isIn: () => undefined };
const ANY_REQUEST: Situation = { principal: ANYTHING, action: undefined, resource: ANYTHING, assumed: new Map() };

/**
 * Replaces the parts of an expression that are the same for every request with their values: attributes of named entities,
 * and whether one named entity is in another.
 */
export function resolved(expression: cedar.Expr, named: Named): cedar.Expr {
  const [operator, operand] = operation(expression);
  if (operator === '.' || operator === 'has' || operator === 'in') {
    const outcome = evaluate(expression, { ...ANY_REQUEST, named });
    if (Array.isArray(outcome)) return { Set: outcome.map((Value) => ({ Value })) } as cedar.Expr;
    if (typeof outcome !== 'symbol') return { Value: outcome } as cedar.Expr;
  }
  if (typeof operand !== 'object' || operand === null || operator === 'Value') return expression;
  if (Array.isArray(operand)) return { [operator]: operand.map((part) => resolved(part, named)) } as cedar.Expr;
  // Parts that are not expressions are texts or patterns.
  const parts = Object.entries(operand).map(([name, part]) => [
    name,
    typeof part === 'object' && part !== null && !Array.isArray(part) ? resolved(part, named) : part,
  ]);
  return { [operator]: Object.fromEntries(parts) } as cedar.Expr;
}

function evaluate(expression: cedar.Expr, situation: Known): Outcome {
  const [operator, operand] = operation(expression);
  const two = () => {
    const { left, right } = operand as Two;
    return [evaluate(left, situation), evaluate(right, situation)] as const;
  };
  switch (operator) {
    case 'Value':
      return literal(operand);
    case 'Set':
      return all((operand as cedar.Expr[]).map((element) => evaluate(element, situation)));
    case 'Var':
      return variable(operand as string, situation);
    case '&&':
    case '||':
      return junction(operator === '||', operand as Two, situation);
    case '!': {
      const outcome = evaluate((operand as { arg: cedar.Expr }).arg, situation);
      return typeof outcome === 'boolean' ? !outcome : outcome;
    }
    case 'if-then-else': {
      const { if: test, then, else: otherwise } = operand as { if: cedar.Expr; then: cedar.Expr; else: cedar.Expr };
      const outcome = evaluate(test, situation);
      if (outcome === true) return evaluate(then, situation);
      return outcome === false ? evaluate(otherwise, situation) : outcome;
    }
    case '==':
      return known(two(), (left, right) => equal(left, right));
    case '!=':
      return known(two(), (left, right) => !equal(left, right));
    case '<':
    case '<=':
    case '>':
    case '>=':
      return known(two(), (left, right) => compare(operator, left, right));
    case '.': {
      const { left, attr } = operand as { left: cedar.Expr; attr: string };
      return attribute(left, attr, situation);
    }
    case 'has':
      return has(operand as { left: cedar.Expr; attr: string | string[] }, situation);
    case 'in': {
      const { left, right } = operand as Two;
      return within(left, evaluate(right, situation), situation);
    }
    case 'is': {
      const { left, entity_type, in: other } = operand as { left: cedar.Expr; entity_type: string; in?: cedar.Expr };
      const thing = thingOf(left, situation);
      if (typeof thing === 'symbol') return thing;
      const { type } = thing;
      if (type === undefined) return UNKNOWN;
      if (type !== entity_type) return false;
      return other === undefined ? true : within(left, evaluate(other, situation), situation);
    }
    case 'contains':
      return known(two(), (left, right) => Array.isArray(left) && left.some((element) => equal(element, right)));
    case 'containsAll':
      return known(two(), (left, right) => isSet(left) && isSet(right) && right.every((one) => includes(left, one)));
    case 'containsAny':
      return known(two(), (left, right) => isSet(left) && isSet(right) && right.some((one) => includes(left, one)));
    case 'isEmpty': {
      const outcome = evaluate((operand as { arg: cedar.Expr }).arg, situation);
      return Array.isArray(outcome) ? outcome.length === 0 : outcome;
    }
    case 'like': {
      const { left, pattern } = operand as { left: cedar.Expr; pattern: cedar.PatternElem[] };
      const outcome = evaluate(left, situation);
      return typeof outcome === 'string' ? matches(outcome, pattern) : outcome;
    }
    default:
      // Arithmetic, times, addresses and records are unknown before the request.
      return UNKNOWN;
  }
}

/** Evaluates `||` if `stops` is true, otherwise `&&`. A left side equal to `stops` ends the evaluation. */
function junction(stops: boolean, { left, right }: Two, situation: Known): Outcome {
  const first = evaluate(left, situation);
  if (first === stops || first === FAILS) return first;
  const second = evaluate(right, situation);
  if (first !== UNKNOWN) return second;
  // The left side is unknown. The result is certain only if the right side equals `stops`.
  return second === stops ? second : UNKNOWN;
}

function all(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes(FAILS)) return FAILS;
  return outcomes.includes(UNKNOWN) ? UNKNOWN : (outcomes as Value[]);
}

function known([left, right]: readonly [Outcome, Outcome], decide: (left: Value, right: Value) => Outcome): Outcome {
  if (left === FAILS || right === FAILS) return FAILS;
  return left === UNKNOWN || right === UNKNOWN ? UNKNOWN : decide(left, right);
}

function literal(value: unknown): Outcome {
  // JavaScript cannot represent larger integers exactly.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : UNKNOWN;
  if (typeof value !== 'object') return value as Value;
  if (value !== null && '__entity' in value) return value.__entity as Value;
  return Array.isArray(value) ? all(value.map(literal)) : UNKNOWN;
}

function variable(name: string, situation: Known): Outcome {
  if (name === 'action') {
    return situation.action === undefined ? UNKNOWN : { type: 'Action', id: situation.action };
  }
  const thing = name === 'principal' || name === 'resource' ? situation[name] : undefined;
  if (thing?.id === undefined || thing.type === undefined) return UNKNOWN;
  return { type: thing.type, id: thing.id };
}

/** Returns the entity of an expression, as far as it is known. */
function thingOf(expression: cedar.Expr, situation: Known): Thing | typeof UNKNOWN | typeof FAILS {
  if ('Var' in expression) {
    return expression.Var === 'principal' || expression.Var === 'resource' ? situation[expression.Var] : UNKNOWN;
  }
  const outcome = evaluate(expression, situation);
  if (outcome === FAILS) return FAILS;
  return outcome !== UNKNOWN && isEntity(outcome) ? situation.named(outcome) : UNKNOWN;
}

function attribute(left: cedar.Expr, name: string, situation: Known): Outcome {
  const thing = thingOf(left, situation);
  if (thing === FAILS) return FAILS;
  const found = thing === UNKNOWN ? UNKNOWN : thing.attribute(name);
  if (found === ABSENT) return FAILS;
  if (found !== UNKNOWN) return found;
  return situation.assumed.get(`${pathOf(left)}.${name}`) ?? UNKNOWN;
}

function has({ left, attr }: { left: cedar.Expr; attr: string | string[] }, situation: Known): Outcome {
  const [name = '', ...more] = [attr].flat();
  const thing = thingOf(left, situation);
  if (thing === FAILS) return FAILS;
  const found = thing === UNKNOWN ? UNKNOWN : thing.attribute(name);
  if (found === ABSENT) return false;
  if (more.length > 0) return UNKNOWN;
  if (found !== UNKNOWN) return true;
  const path = `${pathOf(left)}.${name}`;
  return situation.assumed.has(path) || situation.assumed.has(`${path}?`) ? true : UNKNOWN;
}

function within(left: cedar.Expr, right: Outcome, situation: Known): Outcome {
  if (right === FAILS || right === UNKNOWN) return right;
  const entities = (isSet(right) ? right : [right]).filter(isEntity);
  if ('Var' in left && left.Var === 'action') {
    // The service passes no action groups to Cedar.
    return situation.action === undefined ? UNKNOWN : entities.some(({ id }) => id === situation.action);
  }
  const thing = thingOf(left, situation);
  if (typeof thing === 'symbol') return thing;
  const answers = entities.map((entity) => thing.isIn(entity));
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? UNKNOWN : false;
}

function isSet(value: Value): value is Value[] {
  return Array.isArray(value);
}

function isEntity(value: Value): value is { type: string; id: string } {
  return typeof value === 'object' && !Array.isArray(value);
}

function includes(set: readonly Value[], value: Value): boolean {
  return set.some((element) => equal(element, value));
}

function equal(left: Value, right: Value): boolean {
  if (isSet(left) && isSet(right)) {
    return left.every((one) => includes(right, one)) && right.every((one) => includes(left, one));
  }
  if (isEntity(left) && isEntity(right)) return left.type === right.type && left.id === right.id;
  return left === right;
}

function compare(operator: string, left: Value, right: Value): Outcome {
  if (typeof left !== 'number' || typeof right !== 'number') return FAILS;
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

function matches(text: string, pattern: readonly cedar.PatternElem[]): boolean {
  // Cedar returns each character of a literal separately. They are joined, so that a literal is searched as a whole.
  const parts: (string | undefined)[] = [];
  for (const element of pattern) {
    const before = parts.at(-1);
    if (element === 'Wildcard') parts.push(undefined);
    else if (before === undefined) parts.push(element.Literal);
    else parts[parts.length - 1] = before + element.Literal;
  }
  // Searches each literal from the left. The first match is always sufficient, so there is no backtracking.
  let at = 0;
  let floating = false;
  for (const [index, part] of parts.entries()) {
    if (part === undefined) {
      floating = true;
      continue;
    }
    const last = index === parts.length - 1;
    const found = last && floating ? text.length - part.length : floating ? text.indexOf(part, at) : at;
    if (found < at || !text.startsWith(part, found)) return false;
    at = found + part.length;
    floating = false;
  }
  return floating || at === text.length;
}
