import type { Hit } from '../model/check.ts';
import { readManifest } from '../model/read-manifest.ts';
import { isMapping, type Mapping, mapping, mappings, textOf, texts } from '../model/values.ts';
import { isJsonPatch, targetOf, writtenBy } from './patches.ts';
import { isContainerKey, type MappingContext, type Pod, podAt } from './pods.ts';

/** A Kubernetes object of a manifest, also one inside another object, in a text of it, or a part of one in a patch. */
export interface KubernetesObject {
  kind: string;
  /** The name in messages, as in `Deployment shop/web`. */
  title: string;
  /** The whole object, or the part that a patch writes. */
  value: Mapping;
  /** Where the object is written: a mapping or list, and the key in it if the object is a text or a patch there. */
  at: { in: object; key?: string | undefined };
  /** The pods that the object creates, not those of objects inside it. */
  pods: readonly Pod[];
  /** Whether another object contains it. */
  isInside: boolean;
}

/** The objects of a document, and what cannot be judged in them. */
export interface KubernetesObjects {
  objects: KubernetesObject[];
  notJudged: Hit[];
}

/** Reports whether a document is a Kubernetes object, a list of objects, or a patch for one. */
export function isKubernetes(value: unknown): value is object {
  return isObject(value) || isKustomization(value) || isJsonPatch(value);
}

function isObject(value: unknown): value is Mapping {
  return isMapping(value) && typeof value.apiVersion === 'string' && typeof value.kind === 'string';
}

/** Reports whether a mapping has rules of the shape of a role’s. Rules of other kinds with verbs do not list resources so. */
export function hasRoleRules({ rules }: Mapping): boolean {
  return mappings(rules).some(
    ({ verbs, resources, nonResourceURLs }) =>
      texts(verbs).length > 0 && (texts(resources).length > 0 || texts(nonResourceURLs).length > 0),
  );
}

const PATCH_LISTS = ['patches', 'patchesStrategicMerge', 'patchesJson6902'];

// kustomize does not require `apiVersion` and `kind` in its own file.
function isKustomization(value: unknown): value is Mapping {
  return isMapping(value) && value.kind === undefined && PATCH_LISTS.some((key) => Array.isArray(value[key]));
}

/** Returns the objects of a document: those in a `List`, and those inside others before the others. */
export function objectsOf(document: object): KubernetesObjects {
  const walk = new Walk();
  if (isJsonPatch(document)) walk.patch(document, {}, { in: document });
  else if (isMapping(document)) walk.object(document, textOf(document.kind) ?? 'Kustomization');
  return walk;
}

/** Keys whose values are patterns, schemas or copies of what is deployed elsewhere. */
const NOT_DEPLOYED = new Set(['annotations', 'anyPattern', 'openAPIV3Schema', 'pattern', 'status']);

/** Keys of patches: those of kustomize, which Flux and Argo CD have too, and those of Kyverno. */
const PATCHES = new Set(['patch', 'patchesJson6902', 'patchesStrategicMerge', 'patchStrategicMerge']);

/** Keys of texts that are parts of objects: pod specs of Argo Workflows, values of charts, identities of `aws-auth`. */
const FRAGMENTS = new Set(['mapRoles', 'mapUsers', 'podSpecPatch', 'values', 'valuesContent']);

/** The beginning of a manifest in a text. */
const API_VERSION = /(?:^|[{,])[ \t-]*["']?apiVersion["']?[ \t]*:/m;

/** Fields with which kustomize changes or adds objects that the kustomization does not contain. */
const RENDERED = ['generators', 'helmCharts', 'replacements', 'transformers', 'vars'];

/** A base or component that kustomize downloads. */
const REMOTE = /:\/\/|^git@|^(?:www\.)?(?:github|gitlab|bitbucket)\.\w+[/:]|[?&]ref=/;

/** Longer keys are shortened in messages. */
const MAX_KEY_LENGTH = 100;

/** Maximum nesting of objects in strings of other objects. */
const MAX_TEXTS_DEEP = 3;

const MAX_REPEATED_TEXT = 100_000;

/** Where the walk is in an object. */
interface Position extends Omit<MappingContext, 'parent'> {
  parent: object;
  /** Where a finding is reported if it is in a text or a patch, which has no lines of its own. */
  at?: KubernetesObject['at'] | undefined;
  pods: Pod[];
  /** The number of strings that enclose the position. */
  texts: number;
}

/** Finds objects and pods by their shape, so that it need not know the kinds that contain them. */
class Walk implements KubernetesObjects {
  readonly objects: KubernetesObject[] = [];
  readonly notJudged: Hit[] = [];
  readonly #texts = new Set<string>();
  /** How many characters of parsed strings may be parsed again. Aliases can repeat a long string very often. */
  #repeatable = MAX_REPEATED_TEXT;

  object(value: Mapping, kind: string, outer?: Position): void {
    if (kind.endsWith('List') && Array.isArray(value.items)) {
      // The items of a `RoleList` may omit their kind.
      const implied = kind.slice(0, -'List'.length);
      for (const item of mappings(value.items)) this.object(item, textOf(item.kind) ?? implied, outer);
      return;
    }
    const { name, generateName, namespace } = mapping(value.metadata);
    const called = textOf(name) ?? textOf(generateName) ?? 'without a name';
    const title = `${kind} ${textOf(namespace) === undefined ? '' : `${namespace}/`}${called}`;
    if (kind === 'Kustomization' || kind === 'Component') this.#kustomization(value, title);
    this.#enter(value, kind, outer === undefined ? title : `${title} in ${outer.title}`, outer);
  }

  #kustomization(value: Mapping, title: string): void {
    const isUnread = (key: string, pattern: RegExp) => texts(value[key]).some((text) => pattern.test(text));
    const keys = [
      ...RENDERED.filter((key) => Array.isArray(value[key]) && value[key].length > 0),
      ...['bases', 'components', 'resources'].filter((key) => isUnread(key, REMOTE)),
    ];
    for (const key of keys) {
      const message = `${title} is not judged for its ${key}; run kustomize build DIRECTORY | tvm policy check -`;
      this.notJudged.push({ in: value, key, message });
    }
  }

  /** Adds the object that a patch changes, with only what the patch writes. */
  patch(patch: unknown, target: Mapping, at: KubernetesObject['at'], outer?: Position): void {
    const value = isJsonPatch(patch) ? writtenBy(patch) : mapping(patch);
    const { kind, title } = targetOf(value, target);
    const inside = outer === undefined ? title : `${title} in ${outer.title}`;
    this.#enter(value, kind, inside, { texts: 0, ...outer, at: outer?.at ?? at, isPartial: true }, outer !== undefined);
  }

  #enter(
    value: Mapping,
    kind: string,
    title: string,
    outer: Partial<Pick<Position, 'at' | 'texts' | 'isPartial'>> | undefined,
    isInside = outer !== undefined,
  ): void {
    const { at, texts = 0, isPartial = false } = outer ?? {};
    const pods: Pod[] = [];
    const position = {
      kind,
      title,
      path: '',
      object: value,
      parent: value,
      isContainer: false,
      isPartial,
      at,
      pods,
      texts,
    };
    this.#members(value, position, '');
    this.objects.push({ kind, title, value, at: at ?? { in: value }, pods, isInside });
  }

  /** @param of the key of the value. The elements of a list have the key of the list. */
  #members(value: object, position: Position, of: string): void {
    const isList = Array.isArray(value);
    for (const [key, member] of Object.entries(value)) {
      const shown = key.slice(0, MAX_KEY_LENGTH);
      if (isList) {
        this.#visit(member, { ...position, path: `${position.path}[${key}]` }, of);
      } else if (!NOT_DEPLOYED.has(key)) {
        const path = position.path === '' ? shown : `${position.path}.${shown}`;
        this.#visit(member, { ...position, path, parent: value, isContainer: isContainerKey(key) }, key);
      }
    }
  }

  #visit(value: unknown, position: Position, key: string): void {
    if (typeof value === 'string') this.#text(value, position, key);
    if (typeof value !== 'object' || value === null) return;
    const { parent } = position;
    if (PATCHES.has(key) && isPatch(value)) {
      this.patch(value, targetIn(parent), { in: parent, key }, position);
    } else if (isObject(value) && Object.values(value).some((member) => typeof member === 'object')) {
      // References to objects also have an API version and a kind, but no other content.
      this.object(value, textOf(value.kind) ?? '', position);
    } else {
      if (isMapping(value)) {
        // For example the permissions that a ClusterServiceVersion gives to an operator.
        if (hasRoleRules(value)) this.#rules(value, position);
        const pod = podAt(value, { ...position, parent: mapping(parent) });
        if (pod !== undefined) position.pods.push(pod);
      }
      this.#members(value, position, key);
    }
  }

  #text(text: string, position: Position, key: string): void {
    const isPart = PATCHES.has(key) || FRAGMENTS.has(key);
    const isWhole = text.includes('apiVersion') && text.includes('kind');
    // A patch without a colon is the name of a file.
    if ((!isPart && !isWhole) || !text.includes(':')) return;
    const at = { in: position.parent, key };
    if (position.texts === MAX_TEXTS_DEEP) {
      this.#unread(position, at, 'it is inside too many other texts');
      return;
    }
    if (!this.#spend(text)) return;
    const read = readManifest(text);
    // In Argo Workflows, unquoted placeholders make a text unreadable until they are replaced.
    const manifest = 'problem' in read ? readManifest(text.replace(/\{\{[^{}]*\}\}/g, 'placeholder')) : read;
    if ('problem' in manifest) {
      if (isPart || (API_VERSION.test(text) && !text.startsWith('#!')))
        this.#unread(position, at, `it ${manifest.problem}`);
      return;
    }
    const { parent, texts } = position;
    const inside = { ...position, at: position.at ?? at, texts: texts + 1, isPartial: position.isPartial || isPart };
    for (const { value } of manifest.documents) {
      if (FRAGMENTS.has(key)) this.#visit(value, inside, key);
      else if (isPart) this.patch(value, targetIn(parent), at, inside);
      else if (isObject(value)) this.object(value, textOf(value.kind) ?? '', inside);
    }
  }

  #unread({ title, at }: Position, here: KubernetesObject['at'], reason: string): void {
    const message = `${title} has a text that is not judged (${here.key}), because ${reason}`;
    this.notJudged.push({ ...(at ?? here), message });
  }

  #rules(value: Mapping, { path, title, at }: Position): void {
    const kind = /(?:^|\.)permissions\[\d+\]$/.test(path) ? 'Role' : 'ClusterRole';
    this.objects.push({ kind, title: `${title} (${path})`, value, at: at ?? { in: value }, pods: [], isInside: true });
  }

  /** Reports whether a string may be parsed. The first time, each one may. */
  #spend(text: string): boolean {
    const isNew = !this.#texts.has(text);
    this.#texts.add(text);
    if (!isNew) this.#repeatable -= text.length;
    return isNew || this.#repeatable >= 0;
  }
}

// The elements of `patchesJson6902` name a target and have the patch inside.
function isPatch(value: object): boolean {
  return isJsonPatch(value) || (isMapping(value) && value.patch === undefined && value.target === undefined);
}

function targetIn(parent: object): Mapping {
  return mapping(mapping(parent).target);
}
