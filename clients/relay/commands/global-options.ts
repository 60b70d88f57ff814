import type { OutputFormat } from '@tvm/terminal/output.ts';

/** Options of every command. */
export interface GlobalOptions {
  config?: string;
  output: OutputFormat;
}

/** Where the configuration is unless `--config` says otherwise. */
export const defaultConfiguration = '/etc/tokenrelay/config.yaml';
