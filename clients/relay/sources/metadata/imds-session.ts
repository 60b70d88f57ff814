import { retryAfterOf } from '@tvm/api/retry-after.ts';
import type { HttpAnswer, HttpClient } from '../../http/client.ts';
import type { Clock } from '../../model/clock.ts';
import { SourceFailure } from '../../model/source.ts';
import { metadataUrl } from './metadata-server.ts';

/** The session TTL to request, in seconds: the maximum of the service. */
const SESSION_SECONDS = 21_600;

/** How long before its expiry a session is replaced, in milliseconds. */
const MARGIN = 60_000;

/** Reads the EC2 instance metadata, only with version 2 of the service. */
export interface ImdsSession {
  /**
   * @param path below `/latest/meta-data/`
   * @throws {SourceFailure} for any status other than 200
   */
  read(path: string, signal: AbortSignal): Promise<string>;
}

/**
 * Creates a reader that starts sessions when needed. Every request carries the session token.
 *
 * @param server the URL of the service, such as `http://169.254.169.254`
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
 */
export function imdsSession(server: string, client: HttpClient, clock: Clock): ImdsSession {
  let session: { token: string; endsAt: number } | undefined;

  async function begin(signal: AbortSignal): Promise<string> {
    const startedAt = clock.now();
    const url = metadataUrl(server, '/latest/api/token');
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(SESSION_SECONDS) };
    const answer = await client.send({ method: 'PUT', url, headers }, signal);
    if (answer.status !== 200) throw refused(answer, 'no session was created', clock.now());
    const token = answer.body.trim();
    if (!/^[\x21-\x7e]{1,4096}$/.test(token)) {
      throw new SourceFailure('the instance metadata service responded without a session token');
    }
    const seconds = /^\d{1,6}$/.exec(String(answer.headers['x-aws-ec2-metadata-token-ttl-seconds']))?.[0];
    session = { token, endsAt: startedAt + Number(seconds ?? SESSION_SECONDS) * 1_000 };
    return token;
  }

  async function currentToken(signal: AbortSignal): Promise<string> {
    // If the clock was set back, the session seems to last longer. The service then responds with 401.
    return session !== undefined && clock.now() < session.endsAt - MARGIN ? session.token : await begin(signal);
  }

  return {
    async read(path, signal) {
      const url = metadataUrl(server, `/latest/meta-data/${path}`);
      const ask = async () => {
        const headers = { 'x-aws-ec2-metadata-token': await currentToken(signal) };
        return await client.send({ method: 'GET', url, headers }, signal);
      };
      let answer = await ask();
      if (answer.status === 401) {
        // The session has expired, for example because the instance was restored.
        session = undefined;
        answer = await ask();
      }
      if (answer.status !== 200) throw refused(answer, path, clock.now());
      return answer.body;
    },
  };
}

function refused({ status, headers }: HttpAnswer, what: string, now: number): SourceFailure {
  return new SourceFailure(
    `the instance metadata service responded with status ${status}: ${what}${hints[status] ?? ''}`,
    {
      retryAfter: retryAfterOf(headers['retry-after'], now),
    },
  );
}

const hints: Record<number, string> = {
  403: '; is the service turned off for this instance?',
  404: '; does the instance have a role?',
};
