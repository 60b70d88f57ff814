import { DependencyFault } from '@tvm/core/ports.ts';

/**
 * Client settings of the hot path: an AWS call that takes seconds has failed, and the caller hears so (503) while it
 * still listens. Two calls after each other at worst stay within the function's time-out. Milliseconds.
 */
export const clientSettings = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
} as const;

/**
 * Awaits an AWS call.
 *
 * @param dependency which service, for logs
 * @throws DependencyFault when the call fails, with the SDK's error as its cause
 */
export async function awsCall<T>(dependency: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new DependencyFault(dependency, cause);
  }
}
