import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';

/** The actions of requests. Cedar is told of no group of actions. */
export const ACTIONS: readonly string[] = ['read', 'write', 'assume'];

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
  /**
   * The entities that it names and whose ancestors or attributes its conditions read, as in `Resource::"db/a" in resource`:
   * Cedar must be told them besides the principal and the resource.
   */
  readsOf: Record<'Workload' | 'Resource', string[]>;
  /** The resources that its conditions look for in the requested one: `Resource::"db/a" in resource`. */
  soughtInResource: string[];
  /** The networks and windows whose names it looks for. */
  looksFor: Record<'networks' | 'windows', string[]>;
  /** What it reads that Cedar cannot be told, each as a noun with the reason. */
  untold: string[];
}

/** What is known only of the workload that signed the request. */
const KNOWN_OF_CALLER = ['session', 'organization'];

/** Reads what a policy speaks of off its syntax tree. */
export function policyFacts(json: cedar.PolicyJson): PolicyFacts {
  const reads = new Set<string>();
  const named = { Workload: new Set<string>(), Resource: new Set<string>(), Role: new Set<string>() };
  const namedOthers = new Set<string>();
  const readsOf = { Workload: new Set<string>(), Resource: new Set<string>() };
  const soughtInResource = new Set<string>();
  const audiences = new Set<string>();
  const looksFor = { networks: new Set<string>(), windows: new Set<string>() };
  const untold = new Set<string>();

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
      else if (operator === 'in') walkMembership(operand.left, operand.right);
      else if (operator === 'is') walkMembership(operand.left, operand.in);
      else if (operator === 'Var' && operand === 'context') reads.add('*');
      else if (operator === 'Record') walk(partsOf(node));
      else {
        if (operator.startsWith('contains')) noteNames(operand);
        if (operator === 'getTag' || operator === 'hasTag') untold.add('a tag, and no file gives tags');
        if (operator === 'unknown') untold.add('unknown(…), which has no value in a decision');
        if (operator === '==' || operator === 'contains') noteAudiences(operand);
        walk(operand);
      }
    }
  }

  function walkAttribute({ left, attr }: { left: cedar.Expr; attr: string | string[] }): void {
    const attributes = [attr].flat();
    for (const attribute of attributes) reads.add(attribute);
    for (const { type, id } of entitiesIn(left)) {
      if (type === 'Workload' || type === 'Resource') readsOf[type].add(id);
      else untold.add(`an attribute of ${type}::"${id}", which has none`);
      const known = type === 'Workload' ? attributes.find((name) => KNOWN_OF_CALLER.includes(name)) : undefined;
      if (known !== undefined) untold.add(`${known} of Workload::"${id}", which is known of principal only`);
    }
    if (!('Var' in left)) walk(left);
  }

  /** `left in right`. Only of resources does any file say what they are in. */
  function walkMembership(left: cedar.Expr, right: cedar.Expr | undefined): void {
    walk([left, right]);
    if (right === undefined) return;
    for (const { type, id } of entitiesIn(left)) {
      if (type !== 'Resource') continue;
      readsOf.Resource.add(id);
      if (mentions(right, 'resource')) soughtInResource.add(id);
    }
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
    readsOf: { Workload: [...readsOf.Workload], Resource: [...readsOf.Resource] },
    soughtInResource: [...soughtInResource],
    audiences: [...audiences],
    looksFor: { networks: [...looksFor.networks], windows: [...looksFor.windows] },
    untold: [...untold],
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

/** The entities written out among the values that an expression can have, or that these values hold. */
function entitiesIn(node: unknown): cedar.TypeAndId[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('__entity' in node) return [node.__entity as cedar.TypeAndId];
  if ('if-then-else' in node) {
    const { then, else: otherwise } = node['if-then-else'] as { then: cedar.Expr; else: cedar.Expr };
    return [then, otherwise].flatMap(entitiesIn);
  }
  return partsOf(node).flatMap(entitiesIn);
}

/** Whether a variable stands anywhere in an expression. */
function mentions(node: unknown, variable: string): boolean {
  if (typeof node !== 'object' || node === null) return false;
  return ('Var' in node && node.Var === variable) || partsOf(node).some((part) => mentions(part, variable));
}

/** The members of a record have names of their own, which may be those of operators. */
function partsOf(node: object): unknown[] {
  return Object.values('Record' in node ? (node.Record as object) : node);
}
