import { posix } from 'node:path';
import { isTrue, mapping, mappings, textOf } from '../values.ts';
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
    // The API server refuses a path with `..`.
    cel: () =>
      `!has(variables.spec.volumes) || variables.spec.volumes.all(v, !has(v.hostPath) || ` +
      `!v.hostPath.path.matches('^/*$|^/+(${AROUND.filter((path) => path !== '/')
        .map((path) => path.slice(1).replaceAll('/', '/+'))
        .join('|')})/*$|^/+(${SENSITIVE.map((path) => path.slice(1).replaceAll('/', '/+')).join('|')})(/.*)?$'))`,
  },
};

function isSensitive(path: string): boolean {
  const plain = posix.normalize(`/${path}/`).slice(0, -1) || '/';
  return (
    AROUND.includes(plain) || SENSITIVE.some((directory) => plain === directory || plain.startsWith(`${directory}/`))
  );
}

/** What a pod may have of its node. */
export const hostRules = [hostNamespace, hostPath];
