import { posix } from 'node:path';
import { isTrue, mapping, mappings, textOf } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { examplePod, PLAIN } from './example-pod.ts';
import { podSpecOf } from './pods.ts';

const NAMESPACES = { hostPID: 'processes', hostNetwork: 'network', hostIPC: 'shared memory' };

const hostNamespace: KubernetesRule = {
  id: 'kubernetes/host-namespace',
  severity: 'error',
  title: 'a pod in the node’s own namespaces',
  why: 'It sees the node’s processes, network or shared memory: with those, other pods’ secrets and the credentials of the node.',
  instead: 'Leave `hostPID`, `hostNetwork` and `hostIPC` out; expose ports by a Service.',
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

/** Directories that hold the node’s own credentials, devices, programs and sockets. */
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

/** What monitors mount of these all over: logs, names and public certificates. */
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

/** The directories around them, which hold them too. */
const AROUND = [...new Set(['/', ...SENSITIVE.map((path) => posix.dirname(path))])];

const hostPath: KubernetesRule = {
  id: 'kubernetes/host-path',
  severity: 'error',
  title: 'a directory of the node that is the node’s own',
  why: 'Whoever breaks into the pod reads the node’s credentials there, or speaks to its container runtime, and has the node.',
  instead: 'Take an `emptyDir`, a persistent volume, or a directory of the workload’s own on the node.',
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
  title: 'a persistent volume that is the node’s own directory',
  why: 'Whoever claims it mounts the directory, and has the node, though the pod itself shows only a claim.',
  instead: 'Take storage of a StorageClass, or a directory of the workload’s own on the node.',
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

/** CEL: a path is none of the node's own. The API server refuses one with `..`. */
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

/** What a pod may have of its node. */
export const hostRules = [hostNamespace, hostPath, hostPathVolume];
