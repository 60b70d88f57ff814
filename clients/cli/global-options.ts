import type { OutputFormat } from './output.ts';
import type { ConnectionOptions } from './settings.ts';

/** The options of every command. */
export interface GlobalOptions extends ConnectionOptions {
  output: OutputFormat;
}
