import type { TokenSettings } from '../config/configuration.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import { type Source, SourceFailure, type SourceTools } from '../model/source.ts';
import type { Token } from '../model/token.ts';
import type { WorkQueue } from '../model/work-queue.ts';
import type { SecretReference } from '../settings/secret-reference.ts';
import { withinTime } from './time-limit.ts';

/** The source of one token, created from its settings. */
export interface OpenSource {
  /** The name of the token. */
  readonly name: string;
  readonly source: Source;
  /** The time limit of one fetch, in milliseconds. */
  readonly fetchLimit: number;
  /** After a failure: the token that the source needs as a secret, if it was not available. */
  lacking: string | undefined;
}

/** Dependencies for creating and using sources. */
export interface SourceParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly configFolder: string;
  readonly configFile: string;
  readonly credentialsFolder: string | undefined;
  readonly fetches: WorkQueue;
  readonly revocations: WorkQueue;
  readonly makers: { source(settings: TokenSettings, tools: SourceTools): Source };
  secret(reference: SecretReference): Promise<string>;
  /** Reports whether the token with this name is usable. */
  isThere(name: string): boolean;
}

/** The minimum time limit of a fetch, in milliseconds. */
const SHORTEST_FETCH_LIMIT = 30_000;
/** The time limit for closing a source, in milliseconds. */
const LONGEST_CLOSE = 2_000;
/** The time limit of a revocation check, in milliseconds. */
const LONGEST_REVOCATION_ANSWER = 30_000;
/** The number of requests that one fetch may need, such as a login before it. */
const ANSWERS_A_FETCH = 3;

/** Creates the source of a token. Sends no request. */
export function openSource(settings: TokenSettings, parts: SourceParts): OpenSource {
  const { clock, log, configFolder, configFile, credentialsFolder } = parts;
  const source = parts.makers.source(settings, {
    token: settings.name,
    clock,
    log,
    configFolder,
    configFile,
    credentialsFolder,
    async secret(reference) {
      if ('token' in reference && !parts.isThere(reference.token)) {
        open.lacking = reference.token;
        throw new SourceFailure(`the token ${reference.token}, which it depends on, is not available yet`);
      }
      return parts.secret(reference);
    },
  });
  const fetchLimit = Math.max(SHORTEST_FETCH_LIMIT, ANSWERS_A_FETCH * answerLimitOf(settings));
  const open: OpenSource = { name: settings.name, source, fetchLimit, lacking: undefined };
  return open;
}

/** Fetches a token when its turn comes, within the time limit. @throws {SourceFailure} */
export function fetchFrom(
  { name, source, fetchLimit }: OpenSource,
  previous: Token | undefined,
  signal: AbortSignal,
  { clock, fetches }: SourceParts,
): Promise<Token> {
  const work = () => withinTime(clock, fetchLimit, signal, (limited) => source.fetch(previous, limited));
  return fetches.run(name, work, signal);
}

/** Converts an error to a SourceFailure. For any other error, reports only the type. */
export function failureOf(error: unknown): SourceFailure {
  return error instanceof SourceFailure ? error : new SourceFailure(reasonOf(error), { cause: error });
}

/** Checks, when its turn comes, whether the issuer revoked a token. @throws if the revocation status is unknown */
export function askRevocation(
  { name, source }: OpenSource,
  token: Token,
  signal: AbortSignal,
  { clock, revocations }: SourceParts,
): Promise<{ revoked: boolean; askAgainIn: number } | undefined> {
  const work = () =>
    withinTime(clock, LONGEST_REVOCATION_ANSWER, signal, async (limited) => source.revocation?.(token, limited));
  return revocations.run(name, work, signal);
}

/** Closes a source. A failure or a timeout is only logged. */
export async function closeSource({ name: token, source }: OpenSource, { clock, log }: SourceParts): Promise<void> {
  try {
    await withinTime(clock, LONGEST_CLOSE, new AbortController().signal, async () => source.close?.());
  } catch (error) {
    log.warn({ token, error: reasonOf(error) }, 'a source could not be closed');
  }
}

/** Returns the configured timeout of one request, in milliseconds. */
function answerLimitOf({ source }: TokenSettings): number {
  const { timeout_seconds } = source as { timeout_seconds?: number };
  return (timeout_seconds ?? 0) * 1_000;
}
