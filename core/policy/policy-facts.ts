import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { isArn } from '@tvm/contract/subject.ts';

/** Facts about a policy, derived from its syntax tree. */
export interface PolicyFacts {
  /** Names of all attributes that the policy reads; `*` if it uses the context as a whole. */
  reads: string[];
  /** Entities that its scope and conditions name, by type. */
  named: Record<'Workload' | 'Trust' | 'Resource' | 'Role' | 'Action', string[]>;
  /** Entities of other types that the policy names, for example `Team::"orders"`. */
  namedOthers: string[];
  /** Audiences that its conditions compare with `context.audience`. */
  audiences: string[];
  /**
   * Entities that the policy names and whose ancestors or attributes its conditions read, for example
   * `Resource::"db/a" in resource`. A request to Cedar must include them besides the principal and the resource.
   */
  readsOf: Record<'Workload' | 'Resource', string[]>;
  /** Resources that its conditions look for in the requested resource: `Resource::"db/a" in resource`. */
  soughtInResource: string[];
  /** Names of the networks and windows that the policy looks for. */
  looksFor: Record<'networks' | 'windows', string[]>;
  /** Everything that the policy reads and no request can provide. Each is a noun phrase that includes the reason. */
  unsupported: string[];
}

/** Attributes that are known only for the workload that sent the request. */
const KNOWN_OF_AWS_CALLER = ['session', 'organization'];
const KNOWN_OF_FEDERATED_CALLER = ['claims'];

/** Derives the facts about a policy from its syntax tree. */
export function policyFacts(json: cedar.PolicyJson): PolicyFacts {
  const reads = new Set<string>();
  const named = {
    Workload: new Set<string>(),
    Trust: new Set<string>(),
    Resource: new Set<string>(),
    Role: new Set<string>(),
    Action: new Set<string>(),
  };
  const namedOthers = new Set<string>();
  const readsOf = { Workload: new Set<string>(), Resource: new Set<string>() };
  const soughtInResource = new Set<string>();
  const audiences = new Set<string>();
  const looksFor = { networks: new Set<string>(), windows: new Set<string>() };
  const unsupported = new Set<string>();

  function name({ type, id }: cedar.TypeAndId): void {
    if (Object.hasOwn(named, type)) named[type as keyof typeof named].add(id);
    else namedOthers.add(`${type}::"${id}"`);
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
        if (operator === 'getTag' || operator === 'hasTag') unsupported.add('a tag, but no file defines tags');
        if (operator === 'unknown') unsupported.add('unknown(…), which has no value in a decision');
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
      else unsupported.add(`an attribute of ${type}::"${id}", which has none`);
      const ofCaller = isArn(id) ? KNOWN_OF_AWS_CALLER : KNOWN_OF_FEDERATED_CALLER;
      const known = type === 'Workload' ? attributes.find((name) => ofCaller.includes(name)) : undefined;
      if (known !== undefined) unsupported.add(`${known} of Workload::"${id}", which is known only for principal`);
    }
    if (!('Var' in left)) walk(left);
  }

  /** Handles `left in right`. Resources and federated workloads have ancestors. */
  function walkMembership(left: cedar.Expr, right: cedar.Expr | undefined): void {
    walk([left, right]);
    if (right === undefined) return;
    for (const { type, id } of entitiesIn(left)) {
      if (type !== 'Resource' && type !== 'Workload') continue;
      readsOf[type].add(id);
      if (type === 'Resource' && mentions(right, 'resource')) soughtInResource.add(id);
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
    named: {
      Workload: [...named.Workload],
      Trust: [...named.Trust],
      Resource: [...named.Resource],
      Role: [...named.Role],
      Action: [...named.Action],
    },
    namedOthers: [...namedOthers],
    readsOf: { Workload: [...readsOf.Workload], Resource: [...readsOf.Resource] },
    soughtInResource: [...soughtInResource],
    audiences: [...audiences],
    looksFor: { networks: [...looksFor.networks], windows: [...looksFor.windows] },
    unsupported: [...unsupported],
  };
}

/** The string literal that an expression consists of, or the string literals in a set. */
function textsIn(expression: cedar.Expr): string[] {
  const elements = 'Set' in expression ? (expression.Set as cedar.Expr[]) : [expression];
  return elements.flatMap((element) =>
    'Value' in element && typeof element.Value === 'string' ? [element.Value] : [],
  );
}

/** Reports whether an expression is `context.audience`. */
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

/** The entity that a scope names, if any. */
export function scopeEntity(scope: cedar.PrincipalConstraint | cedar.ResourceConstraint): cedar.TypeAndId | undefined {
  const inner =
    'entity' in scope ? scope.entity : 'in' in scope && scope.in && 'entity' in scope.in ? scope.in.entity : undefined;
  if (inner === undefined) return undefined;
  return '__entity' in inner ? inner.__entity : inner;
}

/** The entity literals among the possible values of an expression, or inside these values. */
function entitiesIn(node: unknown): cedar.TypeAndId[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('__entity' in node) return [node.__entity as cedar.TypeAndId];
  if ('if-then-else' in node) {
    const { then, else: otherwise } = node['if-then-else'] as { then: cedar.Expr; else: cedar.Expr };
    return [then, otherwise].flatMap(entitiesIn);
  }
  return partsOf(node).flatMap(entitiesIn);
}

/** Reports whether an expression contains a variable. */
function mentions(node: unknown, variable: string): boolean {
  if (typeof node !== 'object' || node === null) return false;
  return ('Var' in node && node.Var === variable) || partsOf(node).some((part) => mentions(part, variable));
}

/** The parts of a node. The property names of a record are not operators, although they may look like operators. */
function partsOf(node: object): unknown[] {
  return Object.values('Record' in node ? (node.Record as object) : node);
}
