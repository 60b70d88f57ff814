import { retryAfterOf } from '@tvm/api/retry-after.ts';
import type { HttpAnswer, HttpClient } from '../../http/client.ts';
import type { Clock } from '../../model/clock.ts';
import { SourceFailure } from '../../model/source.ts';
import { metadataUrl } from './metadata-server.ts';

/** The longest that the service allows, in seconds. */
const SESSION_SECONDS = 21_600;

/** Before a session ends by so much, in milliseconds, another is begun. */
const MARGIN = 60_000;

/** Reads the instance metadata of EC2, by version 2 of its service alone. */
export interface ImdsSession {
  /**
   * @param path below `/latest/meta-data/`
   * @throws {SourceFailure} for anything but 200
   */
  read(path: string, signal: AbortSignal): Promise<string>;
}

/**
 * Begins sessions where needed: each request carries the session's token, and nothing is asked without one.
 *
 * @param server as in `http://169.254.169.254`
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
 */
export function imdsSession(server: string, client: HttpClient, clock: Clock): ImdsSession {
  let session: { token: string; endsAt: number } | undefined;

  async function begin(signal: AbortSignal): Promise<string> {
    const startedAt = clock.now();
    const url = metadataUrl(server, '/latest/api/token');
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(SESSION_SECONDS) };
    const answer = await client.send({ method: 'PUT', url, headers }, signal);
    if (answer.status !== 200) throw refused(answer, 'no session was begun', clock.now());
    const token = answer.body.trim();
    if (!/^[\x21-\x7e]{1,4096}$/.test(token)) {
      throw new SourceFailure('the instance metadata service answered with no session token');
    }
    const seconds = /^\d{1,6}$/.exec(String(answer.headers['x-aws-ec2-metadata-token-ttl-seconds']))?.[0];
    session = { token, endsAt: startedAt + Number(seconds ?? SESSION_SECONDS) * 1_000 };
    return token;
  }

  async function currentToken(signal: AbortSignal): Promise<string> {
    // A clock that was set back makes a session look longer: then the service answers 401.
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
        // The session is over: the instance was restored, say.
        session = undefined;
        answer = await ask();
      }
      if (answer.status !== 200) throw refused(answer, path, clock.now());
      return answer.body;
    },
  };
}

function refused({ status, headers }: HttpAnswer, what: string, now: number): SourceFailure {
  return new SourceFailure(`the instance metadata service answered ${status}: ${what}${hints[status] ?? ''}`, {
    retryAfter: retryAfterOf(headers['retry-after'], now),
  });
}

const hints: Record<number, string> = {
  403: '; is the service turned off for this instance?',
  404: '; has the instance a role?',
};
