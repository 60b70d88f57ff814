import type * as z from 'zod';

/**
 * Reads a function's environment, once, at cold start.
 *
 * @throws naming the variable that is missing or wrong: a function deployed like that must not answer
 */
export function readEnv<S extends z.ZodObject>(schema: S): z.infer<S> {
  const env = schema.safeParse(process.env);
  if (env.success) return env.data;
  const [issue] = env.error.issues;
  throw new Error(`environment variable ${issue?.path.join('.')}: ${issue?.message}`);
}
