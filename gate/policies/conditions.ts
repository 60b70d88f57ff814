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
 * may not be.
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
      // A value compared with another of the same thing says nothing of it.
      return meant((operand as Two).left) !== meant((operand as Two).right);
    case 'in':
    case 'containsAll':
      return meant((operand as Two).left);
    case 'is': {
      const { left, in: within } = operand as { left: cedar.Expr; in?: cedar.Expr };
      return within !== undefined && meant(left);
    }
    case 'like': {
      const { left, pattern } = operand as { left: cedar.Expr; pattern: cedar.PatternElem[] };
      return meant(left) && pattern.some((element) => element !== 'Wildcard');
    }
    default:
      return false;
  }
}

/** Whether an expression reads an attribute anywhere in it. */
export function reads(expression: unknown, path: string): boolean {
  if (typeof expression !== 'object' || expression === null) return false;
  if ('.' in expression && pathOf(expression as cedar.Expr) === path) return true;
  return Object.values(expression).some((part) => reads(part, path));
}
