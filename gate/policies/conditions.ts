import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';

/** The operands of an operator of two. */
export interface Two {
  left: cedar.Expr;
  right: cedar.Expr;
}

/** An expression taken apart: its one operator, and what that operator has. */
export function operation(expression: cedar.Expr): [operator: string, operand: unknown] {
  return Object.entries(expression)[0] ?? ['', undefined];
}

/** All that must hold for a policy's `when` and `unless` to hold, each by itself, with every `!` as deep as it goes. */
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

/** The expression, or with `holds` false its opposite. */
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

/** An attribute that an expression reads, as in `context.audience`; `undefined` when it is no attribute. */
export function pathOf(expression: cedar.Expr): string | undefined {
  if ('Var' in expression) return expression.Var as string;
  if (!('.' in expression)) return undefined;
  const { left, attr } = expression['.'] as { left: cedar.Expr; attr: string };
  const of = pathOf(left);
  return of === undefined ? undefined : `${of}.${attr}`;
}

/** Whether a condition holds only where one that passes the test does, whichever way it comes to hold. */
export function everyWay(condition: cedar.Expr, test: (condition: cedar.Expr) => boolean): boolean {
  const [operator, operand] = operation(condition);
  switch (operator) {
    case '&&':
      return everyWay((operand as Two).left, test) || everyWay((operand as Two).right, test);
    case '||':
      return everyWay((operand as Two).left, test) && everyWay((operand as Two).right, test);
    case 'if-then-else': {
      const { if: asked, then, else: otherwise } = operand as { if: cedar.Expr; then: cedar.Expr; else: cedar.Expr };
      return (everyWay(asked, test) || everyWay(then, test)) && everyWay(otherwise, test);
    }
    case 'Value':
      return operand === false;
    default:
      return test(condition);
  }
}

/**
 * Whether conditions let only some of the values of certain attributes pass: by naming what they may be, not what they
 * may not be. What they are compared with must be fixed: see {@link isFixed}.
 *
 * @param isMeant tells the attributes by their paths, as in `principal.account`
 */
export function bound(conditions: readonly cedar.Expr[], isMeant: (path: string) => boolean): boolean {
  return conditions.some((condition) => everyWay(condition, (single) => limits(single, isMeant)));
}

/** The same for a condition without `&&`, `||` and `if`. */
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

/** Whether a pattern of a part of an attribute says nothing: numbers of accounts begin with anything, for anybody. */
function hasNoParts(expression: cedar.Expr): boolean {
  return ['principal.account', 'principal.organization'].includes(pathOf(expression) ?? '');
}

/** What the caller chooses of the principal. */
const CHOSEN = 'principal.session';

/**
 * Whether neither the caller nor the thing itself decides what an expression is: it is written out, or it is an attribute
 * of the other of principal and resource. What a request says of itself is in the context, and never fixed.
 *
 * @param of the variable that is compared with it
 */
function isFixed(expression: cedar.Expr, of: string | undefined): boolean {
  if ('Value' in expression) return true;
  if ('Set' in expression) return (expression.Set as cedar.Expr[]).every((element) => isFixed(element, of));
  if (!('.' in expression) || pathOf(expression) === CHOSEN) return false;
  const other = variableOf(expression);
  return (other === 'principal' || other === 'resource') && other !== of;
}

/** The variable that an attribute is read of, or that an expression is. */
function variableOf(expression: cedar.Expr): string | undefined {
  return pathOf(expression)?.split('.')[0];
}

/** Whether an expression reads an attribute anywhere in it. */
export function reads(expression: unknown, path: string): boolean {
  if (typeof expression !== 'object' || expression === null) return false;
  if ('.' in expression && pathOf(expression as cedar.Expr) === path) return true;
  return Object.values(expression).some((part) => reads(part, path));
}
