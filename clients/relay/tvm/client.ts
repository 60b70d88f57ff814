import { findRegion, isRegionName } from '@tvm/api/region.ts';
import { send } from '@tvm/api/send.ts';
import { type TokenResponse, tokenResponse } from '@tvm/contract/token.ts';
import type { StatusLists } from '@tvm/verifier/status-lists.ts';
import { awsCredentials } from '../aws/credentials.ts';
import { httpClient, type ReadSecret } from '../http/client.ts';
import type { Clock } from '../model/clock.ts';
import { SourceFailure } from '../model/source.ts';
import type { Transport } from '../settings/transport.ts';
import { refusal } from './refusal.ts';
import { statusListsBy } from './status-lists.ts';

/** The endpoint of a TVM, and the identity that signs. */
export interface TvmSettings extends Transport {
  endpoint: string;
  region?: string | undefined;
  profile?: string | undefined;
}

/** A client of a TVM with one identity. */
export interface TvmClient {
  /**
   * Requests a token.
   *
   * @param request the body of `POST /token`
   * @returns the response, and the time of the request in milliseconds since the epoch
   * @throws {SourceFailure}
   */
  vend(request: object, signal: AbortSignal): Promise<{ answer: TokenResponse; requestedAt: number }>;
  lists: StatusLists;
  close(): void;
}

/** Creates a client of a TVM. It signs with SigV4 and credentials from the AWS credential chain. @param secret see `httpClient` */
export function connectTvm(
  { endpoint, region, profile, ...transport }: TvmSettings,
  clock: Clock,
  env: NodeJS.ProcessEnv = process.env,
  secret?: ReadSecret,
): TvmClient {
  const url = endpoint.replace(/\/+$/, '');
  const { host, hostname } = new URL(url);
  const client = httpClient(transport, 'issuer', secret);
  const closing = new AbortController();
  let identity: Promise<{ region: string; credentials: ReturnType<typeof awsCredentials> }> | undefined;

  async function findIdentity() {
    const found = region ?? (await findRegion(hostname, profile, env));
    if (found === undefined || !isRegionName(found)) {
      throw new SourceFailure(
        `the AWS region of ${host} is unknown: set region, AWS_REGION, or a region in the profile`,
      );
    }
    return { region: found, credentials: awsCredentials({ profile, region: found }, env) };
  }

  async function signer() {
    identity ??= findIdentity();
    try {
      const { region, credentials } = await identity;
      return { region, credentials: await credentials() };
    } catch (error) {
      identity = undefined;
      throw error;
    }
  }

  return {
    async vend(request, signal) {
      const { region, credentials } = await unlessGivenUp(signer(), signal);
      let requestedAt = clock.now();
      const answer = await send(
        { url, region, credentials },
        { method: 'POST', path: '/token', parameters: request },
        (signed) => {
          requestedAt = clock.now();
          return client.send(signed, signal);
        },
      );
      if (answer.status !== 200) throw refusal(answer, host, clock.now());
      return { answer: tokenIn(answer.body, host), requestedAt };
    },
    lists: statusListsBy(url, client, clock, closing.signal),
    close() {
      closing.abort();
      client.close();
    },
  };
}

function tokenIn(body: string, host: string): TokenResponse {
  try {
    const answer = tokenResponse.parse(JSON.parse(body));
    if (answer.access_token !== '') return answer;
  } catch {
    // The error may quote the token.
  }
  throw new SourceFailure(`${host} answered 200, but the body is not a token response; is the endpoint right?`);
}

/**
 * Waits for work that ignores a signal. After the signal aborts, the result is dropped.
 *
 * @throws {SourceFailure} if the signal aborts first
 */
export async function unlessGivenUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new SourceFailure('the fetch was cancelled'));
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
