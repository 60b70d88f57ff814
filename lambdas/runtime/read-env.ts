import type * as z from 'zod';

/**
 * Reads a function's environment variables at cold start.
 *
 * @throws if a variable is missing or wrong, with its name; the function must not serve requests then
 */
export function readEnv<S extends z.ZodObject>(schema: S): z.infer<S> {
  const env = schema.safeParse(process.env);
  if (env.success) return env.data;
  const [issue] = env.error.issues;
  throw new Error(`environment variable ${issue?.path.join('.')}: ${issue?.message}`);
}
