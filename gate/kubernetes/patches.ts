import { elements, isMapping, type Mapping, mapping, textOf } from '../model/values.ts';

/** The kind of an object that has a field, if a patch does not name the kind. */
const KIND_BY_FIELD: Record<string, string> = {
  rules: 'ClusterRole',
  aggregationRule: 'ClusterRole',
  roleRef: 'ClusterRoleBinding',
  subjects: 'ClusterRoleBinding',
};

/**
 * Reports whether a value is a JSON patch.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6902
 */
export function isJsonPatch(value: unknown): value is Mapping[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((step) => isMapping(step) && typeof step.op === 'string' && /^(?:\/|$)/.test(textOf(step.path) ?? '-'))
  );
}

/** Returns the part of the object that a JSON patch writes. Array indexes are in the order of the patch. */
export function writtenBy(patch: readonly Mapping[]): Mapping {
  const root: Node = { members: new Map() };
  for (const { op, path, value } of patch) {
    if (op !== 'add' && op !== 'replace') continue;
    const keys = (textOf(path) ?? '').split('/').slice(1);
    // No object is nested this deep.
    if (keys.length > 100) continue;
    let node = root;
    for (const key of keys.map((each) => each.replaceAll('~1', '/').replaceAll('~0', '~'))) {
      node.members ??= new Map();
      const { members } = node;
      // Each `-` appends an element of its own.
      const name = key === '-' ? `-${members.size}` : key;
      const next: Node = members.get(name) ?? {};
      members.set(name, next);
      node = next;
    }
    node.value = value;
  }
  return mapping(built(root));
}

interface Node {
  members?: Map<string, Node>;
  value?: unknown;
}

function built({ members, value }: Node): unknown {
  if (members === undefined || members.size === 0) return value;
  const keys = [...members.keys()];
  if (keys.every((key) => /^-?\d+$/.test(key))) return [...elements(value), ...[...members.values()].map(built)];
  return {
    ...(isMapping(value) && value),
    ...Object.fromEntries([...members].map(([key, node]) => [key, built(node)])),
  };
}

/** Returns the kind and the name of the object that a patch changes. */
export function targetOf(written: Mapping, target: Mapping): { kind: string; title: string } {
  const field = Object.keys(KIND_BY_FIELD).find((key) => written[key] !== undefined);
  const named = textOf(target.kind) ?? textOf(written.kind);
  const name = textOf(target.name) ?? textOf(mapping(written.metadata).name);
  // A target may be a pattern of kinds.
  const kind = (named !== undefined && /^\w+$/.test(named) ? named : field && KIND_BY_FIELD[field]) ?? '';
  return { kind, title: ['the patch of', named ?? 'any kind', name].filter(Boolean).join(' ') };
}
