import { isMapping, type Mapping, mapping, mappings, textOf } from '../model/values.ts';
import type { KubernetesObject } from './objects.ts';

/** The path of the pod spec, by kind. */
const POD_SPEC: Record<string, readonly string[]> = {
  Pod: ['spec'],
  PodTemplate: ['template', 'spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  // Argo Rollouts uses this kind in place of a Deployment.
  Rollout: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** Returns the spec of the pods that an object creates, or `undefined` if it creates none. */
export function podSpecOf({ kind, value }: KubernetesObject): Mapping | undefined {
  const path = Object.hasOwn(POD_SPEC, kind) ? POD_SPEC[kind] : undefined;
  if (path === undefined) return undefined;
  const spec = path.reduce<unknown>((at, key) => mapping(at)[key], value);
  return isMapping(spec) ? spec : undefined;
}

/** A container of any kind. */
export interface Container {
  /** The name in messages, as in `container "app" of Deployment shop/web`. */
  title: string;
  value: Mapping;
}

const CONTAINERS = {
  containers: 'container',
  initContainers: 'init container',
  ephemeralContainers: 'debug container',
};

/** Returns the containers that an object runs. */
export function containersOf(object: KubernetesObject): Container[] {
  const spec = podSpecOf(object);
  if (spec === undefined) return [];
  return Object.entries(CONTAINERS).flatMap(([key, called]) =>
    mappings(spec[key]).map((value) => ({
      title: `${called} "${textOf(value.name) ?? ''}" of ${object.title}`,
      value,
    })),
  );
}
