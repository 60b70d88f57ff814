import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';

/** Returns why no disk can be mounted here, or undefined if one can: in a mount namespace, which ends with its processes. */
export function whyNoMount(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root mounts a disk';
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()], { stdio: 'ignore' });
  } catch {
    return 'no disk can be mounted here';
  }
}
