import type { OutputFormat } from '@tvm/terminal/output.ts';

/** The options of every command. */
export interface GlobalOptions {
  config?: string;
  output: OutputFormat;
}

/** The default of `--config`. */
export const defaultConfiguration = '/etc/tokenrelay/config.yaml';
