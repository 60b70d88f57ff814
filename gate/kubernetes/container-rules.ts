import { isTrue, type Mapping, mapping, texts } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { examplePod, PLAIN } from './example-pod.ts';
import { containersOf, podSpecOf } from './pods.ts';

const CONFINED = examplePod(PLAIN, [
  'securityContext:',
  '  allowPrivilegeEscalation: false',
  '  capabilities: { drop: [ALL], add: [NET_BIND_SERVICE] }',
]);

/** Returns a CEL expression: in no container does `key` of the security context satisfy the comparison `fault`. */
function noContainer(key: string, fault: string) {
  return () =>
    `variables.containers.all(c, !has(c.securityContext) || !has(c.securityContext.${key}) || ` +
    `!(c.securityContext.${key}${fault}))`;
}

const privilegedContainer: KubernetesRule = {
  id: 'kubernetes/privileged-container',
  severity: 'error',
  title: 'a privileged container',
  why: 'The container has the node’s devices and every capability. An attacker in it controls the node and all its pods.',
  instead: 'Omit `privileged`. If the container needs a capability, add only that one.',
  failing: examplePod(PLAIN, ['securityContext:', '  privileged: true']),
  passing: CONFINED,
  check: (object) => {
    const ofPod = mapping(mapping(podSpecOf(object)?.securityContext).windowsOptions);
    const containers = containersOf(object).flatMap(({ title, value }) => {
      const context = mapping(value.securityContext);
      const windows = mapping(context.windowsOptions);
      return [
        ...(isTrue(context.privileged) ? [{ in: context, key: 'privileged', message: `${title} is privileged` }] : []),
        ...hostProcess(windows, title),
      ];
    });
    return [...hostProcess(ofPod, object.title), ...containers];
  },
  admission: {
    of: 'pods',
    cel: () =>
      `${noContainer('privileged', ' == true')()} && ` +
      `(!has(variables.spec.securityContext) || ${noHostProcess('variables.spec.securityContext')}) && ` +
      `variables.containers.all(c, !has(c.securityContext) || ${noHostProcess('c.securityContext')})`,
  },
};

// On Windows, host process containers are what privileged containers are on Linux.
function hostProcess(windowsOptions: Mapping, title: string) {
  if (!isTrue(windowsOptions.hostProcess)) return [];
  return [{ in: windowsOptions, key: 'hostProcess', message: `${title} runs as a process of its Windows node` }];
}

function noHostProcess(context: string): string {
  const options = `${context}.windowsOptions`;
  return `!has(${options}) || !has(${options}.hostProcess) || !${options}.hostProcess`;
}

const privilegeEscalation: KubernetesRule = {
  id: 'kubernetes/allow-privilege-escalation',
  severity: 'error',
  title: 'a container whose processes may gain privileges',
  why: 'An attacker in the container can become root with a setuid program of the image.',
  instead: 'Write `allowPrivilegeEscalation: false` in the container’s `securityContext`.',
  failing: examplePod(PLAIN, ['securityContext:', '  allowPrivilegeEscalation: true']),
  passing: CONFINED,
  check: (object) =>
    containersOf(object)
      .map(({ title, value }) => ({ title, context: mapping(value.securityContext) }))
      .filter(({ context }) => isTrue(context.allowPrivilegeEscalation))
      .map(({ title, context }) => ({
        in: context,
        key: 'allowPrivilegeEscalation',
        message: `${title} lets its processes gain privileges`,
      })),
  admission: { of: 'pods', cel: noContainer('allowPrivilegeEscalation', ' == true') },
};

/** Capabilities for mounts, kernel modules or other processes. With any of these, a process can escape its container. */
const DANGEROUS = ['ALL', 'SYS_ADMIN', 'SYS_MODULE', 'SYS_PTRACE', 'SYS_RAWIO', 'DAC_READ_SEARCH'];

const dangerousCapability: KubernetesRule = {
  id: 'kubernetes/dangerous-capability',
  severity: 'error',
  title: 'a capability that gives access to the node',
  why: `With ${DANGEROUS.slice(0, -1).join(', ')} or ${DANGEROUS.at(-1)}, an attacker in the container can take over the node.`,
  instead: 'Drop `ALL` and add only the capabilities that the program needs, such as `NET_BIND_SERVICE`.',
  failing: examplePod(PLAIN, ['securityContext:', '  capabilities: { add: [SYS_ADMIN] }']),
  passing: CONFINED,
  check: (object) =>
    containersOf(object).flatMap(({ title, value }) => {
      const capabilities = mapping(mapping(value.securityContext).capabilities);
      return texts(capabilities.add)
        .filter((name) => DANGEROUS.includes(name.toUpperCase().replace(/^CAP_/, '')))
        .map((name) => ({ in: capabilities, key: 'add', message: `${title} adds the capability ${name}` }));
    }),
  admission: {
    of: 'pods',
    cel: () =>
      'variables.containers.all(c, !has(c.securityContext) || !has(c.securityContext.capabilities) || ' +
      '!has(c.securityContext.capabilities.add) || !c.securityContext.capabilities.add.exists(a, ' +
      `a in [${DANGEROUS.flatMap((name) => [name, `CAP_${name}`]).map((name) => `'${name}'`)}]))`,
  },
};

/** The rules about what a container may do to its node. */
export const containerRules = [privilegedContainer, privilegeEscalation, dangerousCapability];
