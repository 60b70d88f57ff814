import { isMapping, type Mapping, mapping, mappings, textOf } from '../model/values.ts';

/** A Kubernetes object of a manifest. */
export interface KubernetesObject {
  kind: string;
  /** The name in messages, as in `Deployment shop/web`. */
  title: string;
  /** The whole object. */
  value: Mapping;
}

/** Reports whether a document is a Kubernetes object or a list of objects. */
export function isKubernetes(value: unknown): value is Mapping {
  return isMapping(value) && typeof value.apiVersion === 'string' && typeof value.kind === 'string';
}

/** Returns the object in a document, or the objects in its `List`. */
export function objectsOf(value: Mapping): KubernetesObject[] {
  const kind = textOf(value.kind) ?? '';
  if (!kind.endsWith('List') || !Array.isArray(value.items)) return [toObject(value, kind)];
  // The items of a `RoleList` may omit their kind.
  const implied = kind.slice(0, -'List'.length);
  return mappings(value.items).flatMap((item) =>
    item.kind === undefined ? [toObject(item, implied)] : objectsOf(item),
  );
}

function toObject(value: Mapping, kind: string): KubernetesObject {
  const { name, generateName, namespace } = mapping(value.metadata);
  const called = textOf(name) ?? textOf(generateName) ?? 'without a name';
  return { kind, title: `${kind} ${textOf(namespace) === undefined ? '' : `${namespace}/`}${called}`, value };
}
