/** Runs before each test: skips it if it is not applicable on the current emulator. */
import { beforeEach, inject } from 'vitest';
import { reasonNotApplicable } from '../emulators/not-applicable.ts';

beforeEach(({ task, skip }) => {
  const reason = reasonNotApplicable(inject('deployed').emulator, task.fullName);
  if (reason !== undefined) skip(reason);
});
