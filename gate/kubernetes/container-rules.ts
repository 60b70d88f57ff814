import { examplePod, PLAIN } from './example-pod.ts';
import { type Field, fieldRule, inSecurityContext } from './fields.ts';

const CONFINED = examplePod(PLAIN, [
  'securityContext:',
  '  allowPrivilegeEscalation: false',
  '  capabilities: { drop: [ALL], add: [NET_BIND_SERVICE] }',
  '  seccompProfile: { type: RuntimeDefault }',
]);

const privilegedContainer = fieldRule(
  {
    id: 'kubernetes/privileged-container',
    severity: 'error',
    title: 'a privileged container',
    why: 'The container has the node’s devices and every capability. An attacker in it controls the node and all its pods.',
    instead: 'Omit `privileged`. If the container needs a capability, add only that one.',
    failing: examplePod(PLAIN, ['securityContext:', '  privileged: true']),
    passing: CONFINED,
  },
  [
    {
      of: 'container',
      path: ['securityContext', 'privileged'],
      allowed: [false],
      problem: () => 'is privileged',
    },
    // On Windows, host process containers are what privileged containers are on Linux.
    ...inSecurityContext('windowsOptions.hostProcess', [false], () => 'runs as a process of its Windows node'),
  ],
);

const privilegeEscalation = fieldRule(
  {
    id: 'kubernetes/allow-privilege-escalation',
    severity: 'error',
    title: 'a container whose processes may gain privileges',
    why: 'An attacker in the container can become root with a setuid program of the image.',
    instead: 'Write `allowPrivilegeEscalation: false` in the container’s `securityContext`.',
    failing: examplePod(PLAIN, ['securityContext:', '  allowPrivilegeEscalation: true']),
    passing: CONFINED,
  },
  [
    {
      of: 'container',
      path: ['securityContext', 'allowPrivilegeEscalation'],
      allowed: [false],
      problem: () => 'lets its processes gain privileges',
    },
  ],
);

/**
 * Capabilities for mounts, kernel modules, kernel memory or other processes. With any of these, a process can escape its
 * container.
 *
 * @see https://man7.org/linux/man-pages/man7/capabilities.7.html
 */
const DANGEROUS = [
  'ALL',
  'SYS_ADMIN',
  'SYS_MODULE',
  'SYS_PTRACE',
  'SYS_RAWIO',
  'SYS_BOOT',
  'DAC_READ_SEARCH',
  'BPF',
  'PERFMON',
];

/** The capabilities that Pod Security’s *baseline* allows: those that container runtimes give by default, except `NET_RAW`. */
const BASELINE = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

/** The dangerous capabilities as container runtimes read them: in any case, with or without `CAP_`. */
const DANGEROUS_NAME = `(?:CAP_)?(?:${DANGEROUS.join('|')})`.replace(
  /[A-Z]/g,
  (letter) => `[${letter}${letter.toLowerCase()}]`,
);

function addedCapability(allowed: Field['allowed']): Field[] {
  const path = ['securityContext', 'capabilities', 'add', '[]'];
  return [{ of: 'container', path, allowed, problem: (name) => `adds the capability ${name}` }];
}

const dangerousCapability = fieldRule(
  {
    id: 'kubernetes/dangerous-capability',
    severity: 'error',
    title: 'a capability that gives access to the node',
    why: `With ${DANGEROUS.slice(0, -1).join(', ')} or ${DANGEROUS.at(-1)}, an attacker in the container can take over the node.`,
    instead: 'Drop `ALL` and add only the capabilities that the program needs, such as `NET_BIND_SERVICE`.',
    failing: examplePod(PLAIN, ['securityContext:', '  capabilities: { add: [SYS_ADMIN] }']),
    passing: CONFINED,
  },
  addedCapability({ not: new RegExp(`^${DANGEROUS_NAME}$`) }),
);

const unusualCapability = fieldRule(
  {
    id: 'kubernetes/unusual-capability',
    severity: 'warning',
    title: 'a capability that Pod Security’s *baseline* refuses',
    why: 'It acts on more than the container, such as the node’s network, clock or log.',
    instead: 'Add only capabilities that container runtimes give by default. Let a system component do the rest.',
    failing: examplePod(PLAIN, ['securityContext:', '  capabilities: { add: [NET_ADMIN] }']),
    passing: CONFINED,
  },
  // Another rule reports the dangerous ones.
  addedCapability(new RegExp(`^(?:${BASELINE.join('|')}|${DANGEROUS_NAME})$`)),
);

const hostPort = fieldRule(
  {
    id: 'kubernetes/host-port',
    severity: 'warning',
    title: 'a port of the node',
    why: 'The container answers at the address of its node, in the place of the node’s own services and past network policies.',
    instead: 'Omit `hostPort`. Expose ports with a Service.',
    failing: examplePod(PLAIN, ['ports: [{ containerPort: 8080, hostPort: 80 }]']),
    passing: examplePod(PLAIN, ['ports: [{ containerPort: 8080 }]']),
  },
  [
    {
      of: 'container',
      path: ['ports', '[]', 'hostPort'],
      allowed: [0],
      problem: (port) => `listens on port ${port} of its node`,
    },
  ],
);

const probeHost = fieldRule(
  {
    id: 'kubernetes/probe-host',
    severity: 'warning',
    title: 'a probe or hook with a host',
    why: 'The node sends the request, also to hosts that only nodes can reach, such as its own services and the cloud’s metadata service.',
    instead: 'Omit `host`. The probe then reaches the pod itself.',
    failing: examplePod(PLAIN, ['livenessProbe: { httpGet: { host: 127.0.0.1, port: 10250 } }']),
    passing: examplePod(PLAIN, ['livenessProbe: { httpGet: { port: 8080 } }']),
  },
  ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle.postStart', 'lifecycle.preStop']
    .flatMap((at) => [`${at}.httpGet.host`, `${at}.tcpSocket.host`])
    .map((path) => ({
      of: 'container',
      path: path.split('.'),
      allowed: [''],
      problem: (host) => `lets its node send requests to ${host}`,
    })),
);

/** The rules about what a container may do to its node. */
export const containerRules = [
  privilegedContainer,
  privilegeEscalation,
  dangerousCapability,
  unusualCapability,
  hostPort,
  probeHost,
];
