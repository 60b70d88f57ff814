import { DependencyFault } from '@tvm/core/ports.ts';

/**
 * Client settings for request paths, in milliseconds. An AWS call that takes seconds counts as failed, so that the
 * caller gets a 503 response before it times out itself. Two consecutive calls that time out still fit in the
 * function's timeout.
 */
export const clientSettings = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
} as const;

/**
 * Awaits an AWS call.
 *
 * @param dependency name of the AWS service, for logs
 * @throws DependencyFault if the call fails, with the SDK's error as its cause
 */
export async function awsCall<T>(dependency: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new DependencyFault(dependency, cause);
  }
}
