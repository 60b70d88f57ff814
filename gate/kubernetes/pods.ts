import { isMapping, type Mapping, mapping, mappings, textOf } from '../model/values.ts';

/** The lists of containers in pod specs, and in what other kinds have instead: Tekton’s tasks, Argo’s templates. */
const CONTAINER_LISTS: Record<string, string> = {
  containers: 'container',
  initContainers: 'init container',
  ephemeralContainers: 'debug container',
  sidecars: 'sidecar',
  steps: 'step',
};

/** The keys of single containers in Argo’s templates and Tekton’s tasks. */
const SINGLE_CONTAINERS: Record<string, string> = {
  container: 'container',
  script: 'script',
  stepTemplate: 'step template',
};

/** The keys of a pod spec that share a namespace of the node, and what is shared. */
export const HOST_NAMESPACES = { hostPID: 'processes', hostNetwork: 'network', hostIPC: 'shared memory' };

/** Kinds that create no pods, but may have fields with the names of a pod’s fields. */
const WITHOUT_PODS = ['ConfigMap', 'PodSecurityPolicy', 'Secret', 'SecurityContextConstraints'];

/** The paths of pod specs in Kubernetes’ own kinds. The API server ignores these fields at other paths. */
const KNOWN_PLACES: Record<string, string> = {
  Pod: 'spec',
  PodTemplate: 'template.spec',
  Deployment: 'spec.template.spec',
  StatefulSet: 'spec.template.spec',
  DaemonSet: 'spec.template.spec',
  ReplicaSet: 'spec.template.spec',
  ReplicationController: 'spec.template.spec',
  Job: 'spec.template.spec',
  CronJob: 'spec.jobTemplate.spec.template.spec',
};

/** The API versions of these kinds. Others have some of the names, such as the `Job` of Volcano. */
const BUILT_IN = /^(?:v1|(?:apps|batch|extensions)\/.+)$/;

/** Messages do not name these paths. */
const USUAL_PLACES = new Set(Object.values(KNOWN_PLACES));

/** A container of any kind. */
export interface Container {
  /** The name in messages, as in `container "app" of Deployment shop/web`. */
  title: string;
  value: Mapping;
}

/** A pod spec, or a part of one, in an object of any kind. */
export interface Pod {
  /** The name in messages, as in `Deployment shop/web`. */
  title: string;
  spec: Mapping;
  annotations: Mapping;
  containers: Container[];
  /** Whether an absent field means that the pod does not have it. */
  isComplete: boolean;
}

/** Where a mapping stands in an object. */
export interface MappingContext {
  /** The kind and title of the object. */
  kind: string;
  title: string;
  /** The keys that lead to the mapping, as in `spec.templates[0]`. */
  path: string;
  parent: Mapping;
  /** The whole object. */
  object: Mapping;
  /** Whether the mapping is a container of a pod that was found. */
  isContainer: boolean;
  /** Whether the object is only a part of one, such as a patch. */
  isPartial: boolean;
}

/** Returns the pod that a mapping specifies, by its shape, or `undefined` if it specifies none. */
export function podAt(value: Mapping, context: MappingContext): Pod | undefined {
  const { kind, path } = context;
  const isKnown = BUILT_IN.test(textOf(context.object.apiVersion) ?? '') && Object.hasOwn(KNOWN_PLACES, kind);
  if (WITHOUT_PODS.includes(kind) || (isKnown && path !== KNOWN_PLACES[kind])) return undefined;
  const isSpecOfPod = kind === 'Pod' && path === 'spec';
  const hasContainers =
    Object.keys(CONTAINER_LISTS).some((key) => Array.isArray(value[key])) ||
    Object.keys(SINGLE_CONTAINERS).some((key) => isMapping(value[key]));
  const usesNode =
    Object.keys(HOST_NAMESPACES).some((key) => value[key] !== undefined && !isMapping(value[key])) ||
    mappings(value.volumes).some(({ hostPath, hostDisk }) => isMapping(hostPath ?? hostDisk));
  const isLoose = isMapping(value.securityContext) && !context.isContainer;
  if (!isSpecOfPod && !hasContainers && !usesNode && !isLoose) return undefined;
  const title = USUAL_PLACES.has(path) ? context.title : `${context.title} (${path})`;
  const containers = containersIn(value, title);
  return {
    title,
    spec: value,
    annotations: mapping(mapping(context.parent.metadata).annotations),
    // A mapping with only a security context may be a container or a pod, so the rules of both apply.
    containers: containers.length === 0 && !isSpecOfPod ? [{ title, value }] : containers,
    isComplete:
      !context.isPartial && (isSpecOfPod || (/(?:^|\.)template\.spec$/.test(path) && Array.isArray(value.containers))),
  };
}

function containersIn(spec: Mapping, title: string): Container[] {
  const named = (called: string, value: Mapping) => ({
    title: `${called} "${textOf(value.name) ?? textOf(spec.name) ?? ''}" of ${title}`,
    value,
  });
  return [
    ...Object.entries(CONTAINER_LISTS).flatMap(([key, called]) =>
      mappings(spec[key]).map((value) => named(called, value)),
    ),
    ...Object.entries(SINGLE_CONTAINERS).flatMap(([key, called]) => {
      const value = spec[key];
      return isMapping(value) ? [named(called, value)] : [];
    }),
  ];
}

/** Reports whether the elements or the value of a key of a pod are containers. */
export function isContainerKey(key: string): boolean {
  return Object.hasOwn(CONTAINER_LISTS, key) || Object.hasOwn(SINGLE_CONTAINERS, key);
}

/** Returns the containers that an object runs. */
export function containersOf({ pods }: { pods: readonly Pod[] }): Container[] {
  return pods.flatMap(({ containers }) => containers);
}
