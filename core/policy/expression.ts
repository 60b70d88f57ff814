import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';

/** The operands of a binary operator. */
export interface Two {
  left: cedar.Expr;
  right: cedar.Expr;
}

/** Splits an expression into its operator and the operands. */
export function operation(expression: cedar.Expr): [operator: string, operand: unknown] {
  return Object.entries(expression)[0] ?? ['', undefined];
}

/** Returns the path of an attribute, as in `context.audience`, or `undefined` for another expression. */
export function pathOf(expression: cedar.Expr): string | undefined {
  if ('Var' in expression) return expression.Var as string;
  if (!('.' in expression)) return undefined;
  const { left, attr } = expression['.'] as { left: cedar.Expr; attr: string };
  const of = pathOf(left);
  return of === undefined ? undefined : `${of}.${attr}`;
}
