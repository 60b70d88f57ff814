import { SourceFailure } from '../model/source.ts';

/**
 * What a status of Vault means, for whoever reads the log. What Vault itself says in the answer is left out: it may
 * repeat what it was sent.
 *
 * @see https://developer.hashicorp.com/vault/api-docs#http-status-codes
 * @see https://developer.hashicorp.com/vault/api-docs/system/health
 */
const MEANINGS: Record<number, string> = {
  400: 'it finds the request wrong, or knows no such role or secret id',
  403: 'permission denied',
  404: 'there is nothing at this path, or this role may not see it',
  405: 'this path cannot be asked in this way',
  412: 'it does not have all the data yet; trying again helps',
  429: 'it asks for fewer requests, or is a standby',
  472: 'it is in disaster recovery, and secondary',
  473: 'it is a performance standby',
  500: 'it failed within',
  501: 'it is not initialized',
  502: 'another service that it asked failed',
  503: 'it is sealed, or down for maintenance',
};

/** Vault answered, and refused. */
export class VaultRefusal extends SourceFailure {
  /** Of the answer: 300 or more. */
  readonly status: number;

  /**
   * @param issuer how sentences call this server
   * @param what what was asked for, as in `secret/data/app`; a path is no secret
   * @param retryAfter how long it asks to be left alone, in milliseconds
   */
  constructor(issuer: string, what: string, status: number, retryAfter?: number) {
    const redirect = status < 400 ? 'it sends on elsewhere, which is not followed: name the active server' : undefined;
    super(`${issuer} answered ${status} for ${what}: ${redirect ?? MEANINGS[status] ?? 'no reason is known'}`, {
      retryAfter,
    });
    this.status = status;
  }
}
