/** Before each test: whether it says anything on the emulator at hand. */
import { beforeEach, inject } from 'vitest';
import { reasonNotApplicable } from '../emulators/not-applicable.ts';

beforeEach(({ task, skip }) => {
  const reason = reasonNotApplicable(inject('deployed').emulator, task.fullName);
  if (reason !== undefined) skip(reason);
});
