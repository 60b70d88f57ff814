import { CommandFailure } from '../process/run-command.ts';
import { SourceFailure } from '../sources/source.ts';
import { OutputFailure } from './output.ts';
import { SealFailure } from './seal.ts';

/**
 * Why something failed, fit for logs and status. Only the failures whose sentences are known to hold no value of a token
 * are quoted; of any other error, its kind alone.
 */
export function reasonOf(error: unknown): string {
  if ([SourceFailure, OutputFailure, CommandFailure, SealFailure].some((kind) => error instanceof kind))
    return (error as Error).message;
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code)) return `it failed unexpectedly (${code})`;
  return `it failed unexpectedly (${error instanceof Error ? error.name : typeof error})`;
}
