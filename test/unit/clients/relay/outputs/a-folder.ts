import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

export const isRoot = process.getuid?.() === 0;

/** A user and group that own nothing of these tests. */
export const NOBODY = 65_534;

/** A new folder for each test, in which only this user may write. @returns the path of what is called so in it */
export function useFolder(): (...names: string[]) => string {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'relay-output-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  return (...names) => join(folder, ...names);
}
