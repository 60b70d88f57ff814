import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { operation, pathOf, type Two } from '@tvm/core/policy/expression.ts';

/** Splits the `when` and `unless` conditions of a policy into conjuncts, with every `!` pushed inwards. */
export function conjunctsOf(conditions: readonly cedar.Clause[]): cedar.Expr[] {
  return conditions.flatMap(({ kind, body }) => conjuncts(pushed(body, kind === 'when')));
}

function conjuncts(expression: cedar.Expr): cedar.Expr[] {
  if (!('&&' in expression)) return [expression];
  const { left, right } = expression['&&'] as Two;
  return [...conjuncts(left), ...conjuncts(right)];
}

const OPPOSITES: Record<string, string> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
};

/** Returns the expression, or its negation if `holds` is false. */
function pushed(expression: cedar.Expr, holds: boolean): cedar.Expr {
  const [operator, operand] = operation(expression);
  if (operator === '!') return pushed((operand as { arg: cedar.Expr }).arg, !holds);
  if (operator === '&&' || operator === '||') {
    const { left, right } = operand as Two;
    const both = { left: pushed(left, holds), right: pushed(right, holds) };
    return (operator === '&&') === holds ? { '&&': both } : { '||': both };
  }
  if (holds) return expression;
  const opposite = OPPOSITES[operator];
  if (opposite !== undefined) return { [opposite]: operand } as cedar.Expr;
  return { '!': { arg: expression } };
}

/** Reports whether a condition can be true only if a part that passes the test is true. */
export function everyWay(condition: cedar.Expr, test: (condition: cedar.Expr) => boolean): boolean {
  const [operator, operand] = operation(condition);
  switch (operator) {
    case '&&':
      return everyWay((operand as Two).left, test) || everyWay((operand as Two).right, test);
    case '||':
      return everyWay((operand as Two).left, test) && everyWay((operand as Two).right, test);
    case 'if-then-else': {
      const {
        if: condition,
        then,
        else: otherwise,
      } = operand as { if: cedar.Expr; then: cedar.Expr; else: cedar.Expr };
      return (everyWay(condition, test) || everyWay(then, test)) && everyWay(otherwise, test);
    }
    case 'Value':
      return operand === false;
    default:
      return test(condition);
  }
}

/**
 * Reports whether conditions restrict certain attributes to named values. Excluded values do not count as a restriction.
 * The attributes must be compared with fixed values: see {@link isFixed}.
 *
 * @param isMeant selects the attributes by their paths, as in `principal.account`
 */
export function bound(conditions: readonly cedar.Expr[], isMeant: (path: string) => boolean): boolean {
  return conditions.some((condition) => everyWay(condition, (single) => limits(single, isMeant)));
}

/** Like {@link bound}, for a single condition without `&&`, `||` and `if`. */
export function limits(condition: cedar.Expr, isMeant: (path: string) => boolean): boolean {
  const [operator, operand] = operation(condition);
  const meant = (expression: cedar.Expr) => {
    const path = pathOf(expression);
    return path !== undefined && isMeant(path);
  };
  const against = (one: cedar.Expr, other: cedar.Expr) => meant(one) && isFixed(other, variableOf(one));
  switch (operator) {
    case '.':
      return meant(condition);
    case '==':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'contains':
    case 'containsAny':
      return (
        against((operand as Two).left, (operand as Two).right) || against((operand as Two).right, (operand as Two).left)
      );
    case 'in':
    case 'containsAll':
      return against((operand as Two).left, (operand as Two).right);
    case 'is': {
      const { left, in: within } = operand as { left: cedar.Expr; in?: cedar.Expr };
      return within !== undefined && against(left, within);
    }
    case 'like': {
      const { left, pattern } = operand as { left: cedar.Expr; pattern: cedar.PatternElem[] };
      return (
        meant(left) && (hasNoParts(left) ? !pattern.includes('Wildcard') : pattern.some((one) => one !== 'Wildcard'))
      );
    }
    default:
      return false;
  }
}

/** Reports whether a pattern for a part of an attribute restricts nothing. An account id can begin with any digits. */
function hasNoParts(expression: cedar.Expr): boolean {
  return ['principal.account', 'principal.organization'].includes(pathOf(expression) ?? '');
}

/** The attribute of the principal that the caller chooses. */
const CHOSEN = 'principal.session';

/**
 * Reports whether neither the caller nor the compared entity determines the value of an expression. That applies to
 * literals, to attributes of the resource if `of` is the principal, and to attributes of the principal if `of` is the
 * resource. It never applies to the context, which comes from the request.
 *
 * @param of the variable that the expression is compared with
 */
function isFixed(expression: cedar.Expr, of: string | undefined): boolean {
  if ('Value' in expression) return true;
  if ('Set' in expression) return (expression.Set as cedar.Expr[]).every((element) => isFixed(element, of));
  if (!('.' in expression) || pathOf(expression) === CHOSEN) return false;
  const other = variableOf(expression);
  return (other === 'principal' || other === 'resource') && other !== of;
}

/** Returns the variable of an attribute path. */
function variableOf(expression: cedar.Expr): string | undefined {
  return pathOf(expression)?.split('.')[0];
}

/** Reports whether an expression contains an attribute. */
export function reads(expression: unknown, path: string): boolean {
  if (typeof expression !== 'object' || expression === null) return false;
  if ('.' in expression && pathOf(expression as cedar.Expr) === path) return true;
  return Object.values(expression).some((part) => reads(part, path));
}
