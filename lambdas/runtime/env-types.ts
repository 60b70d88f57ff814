import * as z from 'zod';

// Environment variables are text; these read what they stand for.

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

/** A value that is not empty. */
export const text = z.string().min(1);
