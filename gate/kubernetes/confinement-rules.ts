import { isFalse } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { examplePod, PLAIN } from './example-pod.ts';
import { celAllowed, celMatches, type Field, forbiddenValues, inSecurityContext } from './fields.ts';

/** Sysctls that act only on the pod, by Pod Security’s *baseline*. */
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];

/** The types that SELinux gives to containers. */
const SELINUX_TYPES = ['', 'container_engine_t', 'container_init_t', 'container_kvm_t', 'container_t'];

const PROFILES = ['RuntimeDefault', 'Localhost'];

const FIELDS: Field[] = [
  ...inSecurityContext('seccompProfile.type', PROFILES, (type) => `has the seccomp profile ${type}`),
  ...inSecurityContext('appArmorProfile.type', PROFILES, (type) => `has the AppArmor profile ${type}`),
  ...inSecurityContext('seLinuxOptions.type', SELINUX_TYPES, (type) => `has the SELinux type ${type}`),
  ...inSecurityContext('seLinuxOptions.user', [''], (user) => `has the SELinux user ${user}`),
  ...inSecurityContext('seLinuxOptions.role', [''], (role) => `has the SELinux role ${role}`),
  {
    of: 'pod',
    path: ['securityContext', 'sysctls', '[]', 'name'],
    allowed: SAFE_SYSCTLS,
    problem: (name) => `sets ${name}, which is not a safe sysctl`,
  },
];

/** In a user namespace of its own, a pod may see all of its `/proc`. */
const PROC_MOUNT: Field[] = [
  {
    of: 'container',
    path: ['securityContext', 'procMount'],
    allowed: ['Default', ''],
    problem: (type) => `has the procMount ${type}`,
  },
];

/** The annotations that had the profiles before there were fields. Some clusters still read them. */
const PROFILE_ANNOTATION = /^(?:container\.)?(?:apparmor\.security\.beta|seccomp\.security\.alpha)\.kubernetes\.io\//;
const PROFILE = /^(?:(?:runtime|docker)\/default|localhost\/.*|)$/;

const unconfined: KubernetesRule = {
  id: 'kubernetes/unconfined',
  severity: 'warning',
  title: 'a pod that turns off the kernel’s confinement',
  why: 'seccomp, AppArmor, SELinux, the masks of `/proc` and the safe sysctls keep an attacker in a container from the kernel and from other pods. Pod Security’s *baseline* refuses a pod without them.',
  instead: 'Omit these fields, or use the profile `RuntimeDefault` or one of your own (`Localhost`).',
  failing: examplePod(PLAIN, ['securityContext:', '  seccompProfile: { type: Unconfined }']),
  passing: examplePod(PLAIN, ['securityContext:', '  seccompProfile: { type: RuntimeDefault }']),
  check: (object) => [
    ...forbiddenValues(object, FIELDS),
    ...forbiddenValues({ ...object, pods: object.pods.filter(({ spec }) => !isFalse(spec.hostUsers)) }, PROC_MOUNT),
    ...object.pods.flatMap(({ title, annotations }) =>
      Object.entries(annotations)
        .filter(([key, value]) => PROFILE_ANNOTATION.test(key) && !PROFILE.test(String(value)))
        .map(([key, value]) => ({ in: annotations, key, message: `${title} has the profile ${value} (${key})` })),
    ),
  ],
  admission: {
    of: 'pods',
    cel: () =>
      `${celAllowed(FIELDS)} && ` +
      `((has(variables.spec.hostUsers) && variables.spec.hostUsers == false) || ${celAllowed(PROC_MOUNT)}) && ` +
      `variables.annotations.all(k, !${celMatches('k', PROFILE_ANNOTATION)} || ` +
      `${celMatches('variables.annotations[k]', PROFILE)})`,
  },
};

/** The rules about how the kernel confines pods. */
export const confinementRules = [unconfined];
