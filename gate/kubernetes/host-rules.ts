import { posix } from 'node:path';
import { isTrue, mapping, mappings, textOf } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { examplePod, PLAIN } from './example-pod.ts';
import { type Field, fieldRule } from './fields.ts';
import { celLeadsToNode, leadsToNode } from './host-paths.ts';
import type { KubernetesObject } from './objects.ts';
import { HOST_NAMESPACES } from './pods.ts';

const hostNamespace = fieldRule(
  {
    id: 'kubernetes/host-namespace',
    severity: 'error',
    title: 'a pod in the host namespaces of its node',
    why: 'The pod can access the node’s processes, network or shared memory, and with them other pods’ secrets and the node’s credentials.',
    instead: 'Omit `hostPID`, `hostNetwork` and `hostIPC`. Expose ports with a Service.',
    failing: examplePod([...PLAIN, 'hostPID: true']),
    passing: examplePod([...PLAIN, 'hostNetwork: false']),
  },
  Object.entries(HOST_NAMESPACES).map(
    ([key, what]): Field => ({
      of: 'pod',
      path: [key],
      allowed: [false],
      problem: () => `shares the node’s ${what} (${key})`,
    }),
  ),
);

/** Returns the volumes of an object’s pods that are paths of the node. */
function hostVolumes({ pods }: KubernetesObject) {
  return pods.flatMap(({ title, spec, containers }) => {
    const mounts = Map.groupBy(
      containers.flatMap(({ value }) => mappings(value.volumeMounts)),
      ({ name }) => name,
    );
    return mappings(spec.volumes).flatMap((volume) => {
      // KubeVirt's machines may have files of the node as disks.
      const host = mapping(volume.hostPath ?? volume.hostDisk);
      const path = textOf(host.path);
      // A volume without a mount counts as writable: a patch or a webhook may add the mount.
      const isReadOnly = mounts.get(volume.name)?.every(({ readOnly }) => isTrue(readOnly)) ?? false;
      return path === undefined ? [] : [{ title, host, path, isReadOnly }];
    });
  });
}

function hitsOf(volumes: ReturnType<typeof hostVolumes>) {
  return volumes.map(({ title, host, path }) => ({
    in: host,
    key: 'path',
    message: `${title} mounts ${posix.normalize(path)} of the node`,
  }));
}

const CEL_MOUNTS = 'variables.containers.exists(c, has(c.volumeMounts) && c.volumeMounts.exists(m, m.name == v.name';
const CEL_READ_ONLY = `(${CEL_MOUNTS})) && !${CEL_MOUNTS} && !(has(m.readOnly) && m.readOnly))))`;

/** Returns a CEL expression that is true if no path of the node in the volumes satisfies the condition. */
function noHostVolume(condition: string): string {
  return `!has(variables.spec.volumes) || variables.spec.volumes.all(v, !has(v.hostPath) || !(${condition}))`;
}

const hostPath: KubernetesRule = {
  id: 'kubernetes/host-path',
  severity: 'error',
  title: 'a mount of a system directory of the node',
  why: 'An attacker in the pod can read credentials of the node, use its container runtime, or change a program that the node runs, and so take over the node.',
  instead:
    'Use an `emptyDir` or a persistent volume. Mount programs, libraries and logs of the node with `readOnly: true` in every container.',
  failing: examplePod([
    ...PLAIN,
    'volumes:',
    '  - name: docker',
    '    hostPath: { path: /var/run/docker.sock, type: Socket }',
  ]),
  passing: examplePod(
    [...PLAIN, 'volumes:', '  - name: modules', '    hostPath: { path: /lib/modules }'],
    ['volumeMounts: [{ name: modules, mountPath: /lib/modules, readOnly: true }]'],
  ),
  check: (object) => hitsOf(hostVolumes(object).filter(({ path, isReadOnly }) => leadsToNode(path, isReadOnly))),
  admission: { of: 'pods', cel: () => noHostVolume(celLeadsToNode('v.hostPath.path', CEL_READ_ONLY)) },
};

const otherHostPath: KubernetesRule = {
  id: 'kubernetes/other-host-path',
  severity: 'warning',
  title: 'a writable directory of the node',
  why: 'Every pod on the node that mounts the directory shares it, also with pods of other teams, and its files outlive the pod. Pod Security’s *baseline* refuses it.',
  instead: 'Use an `emptyDir` or a persistent volume, or mount the directory with `readOnly: true` in every container.',
  failing: examplePod([...PLAIN, 'volumes:', '  - name: cache', '    hostPath: { path: /mnt/cache }']),
  passing: examplePod([...PLAIN, 'volumes:', '  - name: cache', '    emptyDir: {}']),
  check: (object) =>
    hitsOf(hostVolumes(object).filter(({ path, isReadOnly }) => !isReadOnly && !leadsToNode(path, false))),
  admission: {
    of: 'pods',
    cel: () => noHostVolume(`!${CEL_READ_ONLY} && !${celLeadsToNode('v.hostPath.path', 'false')}`),
  },
};

const volumeText = (path: string) => `apiVersion: v1
kind: PersistentVolume
metadata:
  name: example
spec:
  hostPath: { path: ${path} }
`;

const hostPathVolume: KubernetesRule = {
  id: 'kubernetes/host-path-volume',
  severity: 'error',
  title: 'a persistent volume in a system directory of the node',
  why: 'A pod that claims the volume mounts the directory and can take over the node, although its manifest shows only a claim.',
  instead: 'Use storage of a StorageClass, or a directory on the node that belongs to the workload.',
  failing: { name: 'volume.yaml', text: volumeText('/') },
  passing: { name: 'volume.yaml', text: volumeText('/mnt/orders') },
  check: ({ kind, title, value }) => {
    const spec = kind === 'PersistentVolume' ? mapping(value.spec) : {};
    return [mapping(spec.hostPath), mapping(spec.local)].flatMap((host) => {
      const path = textOf(host.path);
      if (path === undefined || !leadsToNode(path, false)) return [];
      return [{ in: host, key: 'path', message: `${title} is ${posix.normalize(path)} of the node` }];
    });
  },
  admission: {
    of: 'volumes',
    cel: () =>
      ['object.spec.hostPath', 'object.spec.local']
        .map((host) => `(!has(${host}) || !${celLeadsToNode(`${host}.path`, 'false')})`)
        .join(' && '),
  },
};

/** The rules about what a pod may use of its node. */
export const hostRules = [hostNamespace, hostPath, otherHostPath, hostPathVolume];
