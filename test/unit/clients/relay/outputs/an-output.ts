import { readFileSync, statSync } from 'node:fs';
import { type Output, OutputFailure } from 'tokenrelay/model/output.ts';
import { fileOutputOf } from 'tokenrelay/outputs/file-output.ts';
import type { FileOutputSettings } from 'tokenrelay/settings/outputs.ts';
import { expect } from 'vitest';
import { useFolder } from './a-folder.ts';
import { aToken } from './a-token.ts';

export const first = aToken({ token: 'hidden-1' });
export const second = aToken({ token: 'hidden-2' });

/** A new folder for each test, and outputs to the file `out` in it, for the token `api` in format raw. */
export function useOutput() {
  const at = useFolder();
  return {
    at,
    output: (settings: Partial<FileOutputSettings> = {}): Output =>
      fileOutputOf({ file_path: at('out'), format: 'raw', ...settings }, 'api'),
    found: () => readFileSync(at('out'), 'utf8'),
    modeOf: (name: string) => (statSync(at(name)).mode & 0o7777).toString(8),
  };
}

/** Returns the message of an error, after checking that it contains no token value. */
export async function refusal(call: Promise<void>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OutputFailure);
  expect(String(error)).not.toContain('hidden');
  return error instanceof Error ? error.message : '';
}
