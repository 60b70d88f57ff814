import { posix } from 'node:path';
import { celMatches } from './fields.ts';

/**
 * Directories of a node with credentials, sockets, devices or other processes. Reading is enough to take over the node or
 * to become another identity. `*` stands for the rest of a name.
 */
const SECRET = [
  '/dev',
  '/etc',
  '/home',
  '/ostree',
  '/proc',
  '/root',
  '/run',
  '/srv/kubernetes',
  '/sys',
  '/sysroot',
  '/var/backups',
  '/var/crash',
  '/var/db',
  '/var/lib/amazon',
  '/var/lib/azure',
  '/var/lib/bottlerocket',
  '/var/lib/cloud',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/cri-dockerd',
  '/var/lib/crio',
  '/var/lib/docker',
  '/var/lib/dockershim',
  '/var/lib/ecs',
  '/var/lib/etcd*',
  '/var/lib/google',
  '/var/lib/k0s',
  '/var/lib/k3s',
  '/var/lib/kube*',
  '/var/lib/lxd',
  '/var/lib/minikube',
  '/var/lib/private',
  '/var/lib/rancher',
  '/var/lib/snapd',
  '/var/lib/sss',
  '/var/lib/waagent',
  '/var/snap',
];

/**
 * Directories of a node with what the node runs, or follows: programs, libraries, units, scheduled jobs, packages, network
 * plugins, and the logs that the kubelet opens for readers, also through a symbolic link. Reading them is harmless.
 *
 * @see https://refspecs.linuxfoundation.org/FHS_3.0/fhs/index.html
 */
const EXECUTED = [
  '/boot',
  '/initrd*',
  '/nix',
  '/opt/amazon',
  '/opt/aws',
  '/opt/azure',
  '/opt/bin',
  '/opt/cni',
  '/opt/containerd',
  '/opt/google',
  '/opt/k3s',
  '/opt/kubernetes',
  '/opt/microsoft',
  '/opt/nvidia',
  '/opt/rancher',
  '/opt/rke',
  '/opt/rke2',
  '/snap',
  '/usr',
  '/var/cache/apt',
  '/var/lib/AccountsService',
  '/var/lib/NetworkManager',
  '/var/lib/apt',
  '/var/lib/cni',
  '/var/lib/dbus',
  '/var/lib/dhcp*',
  '/var/lib/dpkg',
  '/var/lib/libvirt',
  '/var/lib/machines',
  '/var/lib/pam',
  '/var/lib/polkit-1',
  '/var/lib/portables',
  '/var/lib/rpm',
  '/var/lib/sudo',
  '/var/lib/systemd',
  '/var/log/containers',
  '/var/log/pods',
  '/var/spool/anacron',
  '/var/spool/at',
  '/var/spool/cron',
  '/vmlinuz*',
];

/** Paths in these directories that are harmless, and that monitoring agents mount: logs, names, public certificates. */
const HARMLESS = [
  '/dev/log',
  '/etc/localtime',
  '/etc/machine-id',
  '/etc/os-release',
  '/etc/ssl/certs',
  '/etc/timezone',
  '/run/log',
  '/run/udev',
  '/run/xtables.lock',
  '/usr/share/ca-certificates',
  '/usr/share/zoneinfo',
  '/var/lib/docker/containers',
];

/** Directories that are symbolic links to another one on usual nodes. */
const LINKS: Record<string, string> = {
  '/bin': '/usr/bin',
  '/lib': '/usr/lib',
  '/lib32': '/usr/lib32',
  '/lib64': '/usr/lib64',
  '/libx32': '/usr/libx32',
  '/sbin': '/usr/sbin',
  '/var/home': '/home',
  '/var/lock': '/run/lock',
  '/var/opt': '/opt',
  '/var/roothome': '/root',
  '/var/run': '/run',
  '/var/usrlocal': '/usr/local',
};

/** Named pipes and system directories of a Windows node. */
const WINDOWS_PIPE = /^[\\/]+\.[\\/]+pipe(?:[\\/]|$)/i;
const WINDOWS =
  /^[a-z]:(?:[\\/]+(?:(?:etc|k|program files(?: \(x86\))?|programdata|run|users|windows|var[\\/]+lib[\\/]+kubelet)(?:[\\/].*)?|var[\\/]*|var[\\/]+lib[\\/]*)?)?$/i;

/** Adds the other paths of directories that symbolic links lead to. */
function withLinks(directories: readonly string[]): string[] {
  return directories.flatMap((directory) => [
    directory,
    ...Object.entries(LINKS).flatMap(([link, target]) => {
      if (isIn(target, directory)) return [link];
      return isIn(directory, target) ? [link + directory.slice(target.length)] : [];
    }),
  ]);
}

function isIn(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** Returns a pattern of paths in the directories, and of their parent directories, which contain them. */
function patternOf(directories: readonly string[], withParents: boolean): RegExp {
  const all = withLinks(directories);
  const parents = new Set(withParents ? all.flatMap(parentsOf) : []);
  const inside = `(?:${all.map(segments).join('|')})(?:/.*)?`;
  const around = withParents ? `|(?:${[...parents].map(segments).join('|')})?[./]*` : '';
  // `/./etc` and `//etc` are `/etc`, too.
  return new RegExp(`^[./]*(?:${inside}${around})$`);
}

function parentsOf(path: string): string[] {
  const parent = posix.dirname(path);
  return parent === '/' ? [] : [parent, ...parentsOf(parent)];
}

function segments(path: string): string {
  const names = path.slice(1).split('/');
  return names.map((name) => name.replaceAll('.', '\\.').replaceAll('*', '[^/]*')).join('/[./]*');
}

const SECRET_PATH = patternOf(SECRET, true);
const EXECUTED_PATH = patternOf(EXECUTED, true);
const HARMLESS_PATH = patternOf(HARMLESS, false);

/** Reports whether a path of a node leads to the node or to another identity. */
export function leadsToNode(path: string, isReadOnly: boolean): boolean {
  const plain = posix.normalize(`/${path}`);
  const ofWindows = posix.normalize(path.replaceAll('\\', '/'));
  return (
    WINDOWS_PIPE.test(path) ||
    WINDOWS.test(ofWindows) ||
    (!HARMLESS_PATH.test(plain) && (SECRET_PATH.test(plain) || (!isReadOnly && EXECUTED_PATH.test(plain))))
  );
}

/**
 * Returns a CEL expression with the result of {@link leadsToNode}. The API server refuses paths with `..`.
 *
 * @param isReadOnly a CEL expression
 */
export function celLeadsToNode(path: string, isReadOnly: string): string {
  return (
    `(${celMatches(path, WINDOWS_PIPE)} || ${celMatches(path, WINDOWS)} || !${celMatches(path, HARMLESS_PATH)} && ` +
    `(${celMatches(path, SECRET_PATH)} || !${isReadOnly} && ${celMatches(path, EXECUTED_PATH)}))`
  );
}
