import * as z from 'zod';

/**
 * Permissions of a file, as `chmod` takes them: `"0640"`. Read as the number they are.
 *
 * Only text is taken: YAML 1.2 reads `0640` without quotes as the number 640, and `0o640` as 416, so that of a number
 * nobody can tell which mode was meant.
 */
export const fileMode = z
  .string({ error: 'must be in quotes, as in "0640": without them YAML reads another number' })
  .regex(/^0?[0-7]{3}$/, { error: 'must be three octal digits after a 0, as in "0640"' })
  .transform((digits) => Number.parseInt(digits, 8));
