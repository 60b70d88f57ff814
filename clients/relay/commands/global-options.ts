import type { OutputFormat } from '@tvm/terminal/output.ts';

/** Options of every command. */
export interface GlobalOptions {
  config?: string;
  output: OutputFormat;
}

/** The configuration file if `--config` is not given. */
export const defaultConfiguration = '/etc/tokenrelay/config.yaml';
