import type { OutputFormat } from '@tvm/terminal/output.ts';
import type { ConnectionOptions } from './settings.ts';

/** The options of every command. */
export interface GlobalOptions extends ConnectionOptions {
  output: OutputFormat;
}
