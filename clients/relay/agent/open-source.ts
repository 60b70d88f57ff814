import type { TokenSettings } from '../config/configuration.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import { type Source, SourceFailure, type SourceTools } from '../model/source.ts';
import type { Token } from '../model/token.ts';
import type { WorkQueue } from '../model/work-queue.ts';
import type { SecretReference } from '../settings/secret-reference.ts';
import { withinTime } from './time-limit.ts';

/** The source of one token, as its settings have it. */
export interface OpenSource {
  /** Of the token. */
  readonly name: string;
  readonly source: Source;
  /** How long one fetch may take, in milliseconds, whatever the source does. */
  readonly fetchLimit: number;
  /** The token that the source wanted a secret of since it last failed, and that was not there. */
  lacking: string | undefined;
}

/** What a source is made of. */
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
  /** Whether a token of this name may be used now. */
  isThere(name: string): boolean;
}

/** Milliseconds. */
const SHORTEST_FETCH_LIMIT = 30_000;
/** Milliseconds. */
const LONGEST_CLOSE = 2_000;
/** Milliseconds. */
const LONGEST_REVOCATION_ANSWER = 30_000;
/** A fetch may take several answers, as with a login before it. */
const ANSWERS_A_FETCH = 3;

/** Makes the source of a token. It asks nothing yet. */
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
        throw new SourceFailure(`the token ${reference.token}, which it needs, is not there yet`);
      }
      return parts.secret(reference);
    },
  });
  const fetchLimit = Math.max(SHORTEST_FETCH_LIMIT, ANSWERS_A_FETCH * answerLimitOf(settings));
  const open: OpenSource = { name: settings.name, source, fetchLimit, lacking: undefined };
  return open;
}

/** Fetches in its turn and within its time. */
export function fetchFrom(
  { name, source, fetchLimit }: OpenSource,
  previous: Token | undefined,
  signal: AbortSignal,
  { clock, fetches }: SourceParts,
): Promise<Token> {
  const work = () => withinTime(clock, fetchLimit, signal, (limited) => source.fetch(previous, limited));
  return fetches.run(name, work, signal);
}

/** As a failure of a source: of any other error, its kind alone. */
export function failureOf(error: unknown): SourceFailure {
  return error instanceof SourceFailure ? error : new SourceFailure(reasonOf(error), { cause: error });
}

/** Asks in its turn and within its time whether the issuer took this token back. @throws when nobody knows */
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

/** A source that cannot give back what it holds keeps nobody from going on. */
export async function closeSource({ name: token, source }: OpenSource, { clock, log }: SourceParts): Promise<void> {
  try {
    await withinTime(clock, LONGEST_CLOSE, new AbortController().signal, async () => source.close?.());
  } catch (error) {
    log.warn({ token, error: reasonOf(error) }, 'a source could not be closed');
  }
}

/** How long one answer of the source may take by the configuration, in milliseconds. */
function answerLimitOf({ source }: TokenSettings): number {
  const { timeout_seconds } = source as { timeout_seconds?: number };
  return (timeout_seconds ?? 0) * 1_000;
}
