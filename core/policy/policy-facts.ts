import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';

/** A group of actions is told to no request either. */
const ACTIONS = ['read', 'write', 'assume'];

/** What a policy speaks of, read off its syntax tree. */
export interface PolicyFacts {
  /** The names of all attributes that it reads; `*` when it uses the context as a whole. */
  reads: string[];
  /** The entities that it names, by type, in scope and conditions. */
  named: Record<'Workload' | 'Resource' | 'Role', string[]>;
  /** The entities of other types that it names, and other actions: as in `Team::"orders"`. */
  namedOthers: string[];
  /** The audiences that its conditions compare `context.audience` with. */
  audiences: string[];
  /** The networks and windows whose names it looks for. */
  looksFor: Record<'networks' | 'windows', string[]>;
  /** What it reads that no request is told: tags, and attributes of anything but the principal, resource and context. */
  readsOthers: string[];
}

/** Reads what a policy speaks of off its syntax tree. */
export function policyFacts(json: cedar.PolicyJson): PolicyFacts {
  const reads = new Set<string>();
  const named = { Workload: new Set<string>(), Resource: new Set<string>(), Role: new Set<string>() };
  const namedOthers = new Set<string>();
  const audiences = new Set<string>();
  const looksFor = { networks: new Set<string>(), windows: new Set<string>() };
  const readsOthers = new Set<string>();

  function name({ type, id }: cedar.TypeAndId): void {
    if (Object.hasOwn(named, type)) named[type as keyof typeof named].add(id);
    else if (type !== 'Action' || !ACTIONS.includes(id)) namedOthers.add(`${type}::"${id}"`);
  }

  function walk(node: unknown): void {
    if (Array.isArray(node)) {
      for (const element of node) walk(element);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    for (const [operator, operand] of Object.entries(node)) {
      if (operator === '__entity') name(operand);
      else if (operator === '.' || operator === 'has') walkAttribute(operand);
      else if (operator === 'Var' && operand === 'context') reads.add('*');
      // Its members have names of their own, which may be those of operators.
      else if (operator === 'Record') walk(Object.values(operand));
      else {
        if (operator.startsWith('contains')) noteNames(operand);
        if (operator === '==' || operator === 'contains') noteAudiences(operand);
        if (operator === 'getTag' || operator === 'hasTag') readsOthers.add('a tag');
        walk(operand);
      }
    }
  }

  function walkAttribute({ left, attr }: { left: cedar.Expr; attr: string | string[] }): void {
    for (const attribute of [attr].flat()) reads.add(attribute);
    if (!isOfVariable(left)) readsOthers.add('an attribute of something else');
    if (!('Var' in left)) walk(left);
  }

  function noteNames({ left, right }: { left: cedar.Expr; right: cedar.Expr }): void {
    const attribute = '.' in left ? (left['.'] as { attr: string }).attr : '';
    if (attribute !== 'networks' && attribute !== 'windows') return;
    for (const text of textsIn(right)) looksFor[attribute].add(text);
  }

  function noteAudiences({ left, right }: { left: cedar.Expr; right: cedar.Expr }): void {
    const compared = isAudience(left) ? right : isAudience(right) ? left : undefined;
    for (const text of compared === undefined ? [] : textsIn(compared)) audiences.add(text);
  }

  for (const scope of [json.principal, json.resource]) {
    const entity = scopeEntity(scope);
    if (entity !== undefined) name(entity);
  }
  for (const entity of actionsIn(json.action)) name(entity);
  walk(json.conditions);
  return {
    reads: [...reads],
    named: { Workload: [...named.Workload], Resource: [...named.Resource], Role: [...named.Role] },
    namedOthers: [...namedOthers],
    audiences: [...audiences],
    looksFor: { networks: [...looksFor.networks], windows: [...looksFor.windows] },
    readsOthers: [...readsOthers],
  };
}

/** The text literals that an expression is, or is a set of. */
function textsIn(expression: cedar.Expr): string[] {
  const elements = 'Set' in expression ? (expression.Set as cedar.Expr[]) : [expression];
  return elements.flatMap((element) =>
    'Value' in element && typeof element.Value === 'string' ? [element.Value] : [],
  );
}

/** Whether an expression is `context.audience`. */
function isAudience(expression: cedar.Expr): boolean {
  if (!('.' in expression)) return false;
  const { left, attr } = expression['.'] as { left: cedar.Expr; attr: string };
  return attr === 'audience' && 'Var' in left && left.Var === 'context';
}

/** The actions that a scope names. */
function actionsIn(scope: cedar.ActionConstraint): cedar.TypeAndId[] {
  const entities = 'entities' in scope ? scope.entities : 'entity' in scope ? [scope.entity] : [];
  return entities.map((entity) => ('__entity' in entity ? entity.__entity : entity));
}

/** The one entity that a scope names, if it does. */
export function scopeEntity(scope: cedar.PrincipalConstraint | cedar.ResourceConstraint): cedar.TypeAndId | undefined {
  const inner =
    'entity' in scope ? scope.entity : 'in' in scope && scope.in && 'entity' in scope.in ? scope.in.entity : undefined;
  if (inner === undefined) return undefined;
  return '__entity' in inner ? inner.__entity : inner;
}

/** Whether an expression is `principal`, `resource` or `context`, or a member of it. */
function isOfVariable(expression: cedar.Expr): boolean {
  if ('Var' in expression) return true;
  return '.' in expression && isOfVariable((expression['.'] as { left: cedar.Expr }).left);
}
