import type { GlobalOptions } from './global-options.ts';

/** What `--on-renewal` accepts: a restart, nothing, or a signal to the child. */
export const ON_RENEWAL = ['restart', 'nothing', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGTERM'] as const;

/** The options of `tokenrelay exec`. */
export interface ExecOptions extends GlobalOptions {
  environment?: string[];
  onRenewal?: (typeof ON_RENEWAL)[number];
  timeout: number;
}
