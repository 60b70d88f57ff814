import { posix } from 'node:path';
import { isTrue, mapping, mappings, textOf } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { examplePod, PLAIN } from './example-pod.ts';
import { podSpecOf } from './pods.ts';

const NAMESPACES = { hostPID: 'processes', hostNetwork: 'network', hostIPC: 'shared memory' };

const hostNamespace: KubernetesRule = {
  id: 'kubernetes/host-namespace',
  severity: 'error',
  title: 'a pod in the host namespaces of its node',
  why: 'The pod can access the node’s processes, network or shared memory, and with them other pods’ secrets and the node’s credentials.',
  instead: 'Omit `hostPID`, `hostNetwork` and `hostIPC`. Expose ports with a Service.',
  failing: examplePod([...PLAIN, 'hostPID: true']),
  passing: examplePod([...PLAIN, 'hostNetwork: false']),
  check: (object) => {
    const spec = podSpecOf(object);
    if (spec === undefined) return [];
    return Object.entries(NAMESPACES)
      .filter(([key]) => isTrue(spec[key]))
      .map(([key, what]) => ({ in: spec, key, message: `${object.title} shares the node’s ${what} (${key})` }));
  },
  admission: {
    of: 'pods',
    cel: () =>
      Object.keys(NAMESPACES)
        .map((key) => `(!has(variables.spec.${key}) || variables.spec.${key} == false)`)
        .join(' && '),
  },
};

/** Directories with the node’s own credentials, devices, programs and sockets. */
const SENSITIVE = [
  '/boot',
  '/dev',
  '/etc',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/usr',
  '/var/lib/containerd',
  '/var/lib/docker',
  '/var/lib/etcd',
  '/var/lib/kubelet',
  '/var/run',
];

/** Paths in these directories that monitoring agents commonly mount: logs, names and public certificates. */
const HARMLESS = [
  '/etc/localtime',
  '/etc/machine-id',
  '/etc/os-release',
  '/etc/ssl/certs',
  '/etc/timezone',
  '/usr/share/ca-certificates',
  '/usr/share/zoneinfo',
  '/var/lib/docker/containers',
];

/** The parent directories, which contain them. */
const AROUND = [...new Set(['/', ...SENSITIVE.map((path) => posix.dirname(path))])];

const hostPath: KubernetesRule = {
  id: 'kubernetes/host-path',
  severity: 'error',
  title: 'a mount of a system directory of the node',
  why: 'An attacker in the pod can read the node’s credentials or use its container runtime, and so take over the node.',
  instead: 'Use an `emptyDir`, a persistent volume, or a directory on the node that belongs to the workload.',
  failing: examplePod([
    ...PLAIN,
    'volumes:',
    '  - name: docker',
    '    hostPath: { path: /var/run/docker.sock, type: Socket }',
  ]),
  passing: examplePod([...PLAIN, 'volumes:', '  - name: cache', '    hostPath: { path: /mnt/cache }']),
  check: (object) =>
    mappings(podSpecOf(object)?.volumes).flatMap((volume) => {
      const host = mapping(volume.hostPath);
      const path = textOf(host.path);
      if (path === undefined || !isSensitive(path)) return [];
      return [{ in: host, key: 'path', message: `${object.title} mounts ${posix.normalize(path)} of the node` }];
    }),
  admission: {
    of: 'pods',
    cel: () =>
      `!has(variables.spec.volumes) || variables.spec.volumes.all(v, !has(v.hostPath) || ${celHarmless('v.hostPath.path')})`,
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
      if (path === undefined || !isSensitive(path)) return [];
      return [{ in: host, key: 'path', message: `${title} is ${posix.normalize(path)} of the node` }];
    });
  },
  admission: {
    of: 'volumes',
    cel: () =>
      `(!has(object.spec.hostPath) || ${celHarmless('object.spec.hostPath.path')}) && ` +
      `(!has(object.spec.local) || ${celHarmless('object.spec.local.path')})`,
  },
};

/** Returns a CEL expression that is true if a path is harmless. The API server refuses paths with `..`. */
function celHarmless(path: string): string {
  const any = (paths: readonly string[]) => paths.map((each) => each.slice(1).replaceAll('/', '/+')).join('|');
  const around = any(AROUND.filter((each) => each !== '/'));
  return (
    `(!${path}.matches('^/*$|^/+(${around})/*$|^/+(${any(SENSITIVE)})(/.*)?$') || ` +
    `${path}.matches('^/+(${any(HARMLESS)})(/.*)?$'))`
  );
}

function isSensitive(path: string): boolean {
  const plain = posix.normalize(`/${path}/`).slice(0, -1) || '/';
  const isIn = (directory: string) => plain === directory || plain.startsWith(`${directory}/`);
  return AROUND.includes(plain) || (SENSITIVE.some(isIn) && !HARMLESS.some(isIn));
}

/** The rules about what a pod may use of its node. */
export const hostRules = [hostNamespace, hostPath, hostPathVolume];
