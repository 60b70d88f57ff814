import { SourceFailure } from '../model/source.ts';

/**
 * The meaning of Vault's status codes, for messages. Messages omit the body of the response, which may repeat data of
 * the request.
 *
 * @see https://developer.hashicorp.com/vault/api-docs#http-status-codes
 * @see https://developer.hashicorp.com/vault/api-docs/system/health
 */
const MEANINGS: Record<number, string> = {
  400: 'bad request, or unknown role or secret id',
  403: 'permission denied',
  404: 'nothing exists at this path, or this role may not see it',
  405: 'this path does not support this operation',
  412: 'the server does not have all data yet; a retry helps',
  429: 'too many requests, or a standby node',
  472: 'a disaster recovery secondary',
  473: 'a performance standby',
  500: 'internal error',
  501: 'not initialized',
  502: 'an upstream service failed',
  503: 'sealed, or down for maintenance',
};

/** An error response from Vault. */
export class VaultRefusal extends SourceFailure {
  /** The status of the response, 300 or higher. */
  readonly status: number;

  /**
   * @param issuer the server's name for messages
   * @param what the requested path, such as `secret/data/app`. A path is not secret
   * @param retryAfter the wait that the server asks for, in milliseconds
   */
  constructor(issuer: string, what: string, status: number, retryAfter?: number) {
    const redirect =
      status < 400 ? 'a redirect, which is not followed: set the address of the active server' : undefined;
    super(
      `${issuer} responded with status ${status} for ${what}: ${redirect ?? MEANINGS[status] ?? 'unknown reason'}`,
      {
        retryAfter,
      },
    );
    this.status = status;
  }
}
