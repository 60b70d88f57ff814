import type { GlobalOptions } from './global-options.ts';

/** The actions on the child process when a token is renewed. */
export const ON_RENEWAL = ['restart', 'nothing', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGTERM'] as const;

/** The options of `tokenrelay exec`. */
export interface ExecOptions extends GlobalOptions {
  environment?: string[];
  onRenewal?: (typeof ON_RENEWAL)[number];
  timeout: number;
}
