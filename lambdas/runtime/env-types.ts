import * as z from 'zod';

// Schemas that parse environment variables, which are always strings.

/** A whole number of seconds. */
export const seconds = z
  .string()
  .regex(/^[0-9]+$/)
  .transform(Number);

/** A whole number. */
export const count = z
  .string()
  .regex(/^[0-9]+$/)
  .transform(Number);

/** One or more values, separated by commas. */
export const list = z
  .string()
  .min(1)
  .transform((text) => text.split(','));

/** A non-empty value. */
export const text = z.string().min(1);
