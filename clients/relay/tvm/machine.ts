import { findRegion, isRegionName } from '@tvm/api/machine-region.ts';
import { send } from '@tvm/api/send.ts';
import { type TokenResponse, tokenResponse } from '@tvm/contract/token.ts';
import type { StatusLists } from '@tvm/verifier/status-lists.ts';
import { awsCredentials } from '../aws/credentials.ts';
import { httpClient } from '../http/client.ts';
import type { Clock } from '../model/clock.ts';
import { SourceFailure } from '../model/source.ts';
import type { Transport } from '../settings/fields.ts';
import { refusal } from './refusal.ts';
import { statusListsBy } from './status-lists.ts';

/** Where a token vending machine is, and who asks it. */
export interface MachineSettings extends Transport {
  endpoint: string;
  region?: string | undefined;
  profile?: string | undefined;
}

/** A token vending machine, as one identity asks it. */
export interface Machine {
  /**
   * Asks for a token.
   *
   * @param request the body of `POST /token`
   * @returns also when it was asked, in milliseconds since the epoch
   * @throws {SourceFailure}
   */
  vend(request: object, signal: AbortSignal): Promise<{ answer: TokenResponse; askedAt: number }>;
  lists: StatusLists;
  close(): void;
}

/** Makes what asks a machine, signed with SigV4 by the AWS credential chain. */
export function connectMachine(
  { endpoint, region, profile, ...transport }: MachineSettings,
  clock: Clock,
  env: NodeJS.ProcessEnv = process.env,
): Machine {
  const url = endpoint.replace(/\/+$/, '');
  const { host, hostname } = new URL(url);
  const client = httpClient(transport, 'issuer');
  const closing = new AbortController();
  let identity: Promise<{ region: string; credentials: ReturnType<typeof awsCredentials> }> | undefined;

  async function findIdentity() {
    const found = region ?? (await findRegion(hostname, profile, env));
    if (found === undefined || !isRegionName(found)) {
      throw new SourceFailure(
        `which AWS region is ${host} in? Give region, set AWS_REGION, or give the profile a region`,
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
      let askedAt = clock.now();
      const answer = await send(
        { url, region, credentials },
        { method: 'POST', path: '/token', parameters: request },
        (signed) => {
          askedAt = clock.now();
          return client.send(signed, signal);
        },
      );
      if (answer.status !== 200) throw refusal(answer, host, clock.now());
      return { answer: tokenIn(answer.body, host), askedAt };
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
    // What is wrong with it may quote it.
  }
  throw new SourceFailure(`${host} answered 200, but not as a token vending machine does; is the endpoint right?`);
}

/**
 * Waits for work that does not listen to a signal; what it comes to after the signal is nobody's.
 *
 * @throws {SourceFailure} when the signal says so first
 */
export async function unlessGivenUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new SourceFailure('the fetch was given up'));
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
