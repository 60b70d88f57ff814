import type { AuthorizerRequest } from '@tvm/core/external-authorizers/external-authorizer.ts';
import type { Clock } from '@tvm/core/ports.ts';

/** @returns an answer for each question, in their order */
type Ask = (questions: readonly AuthorizerRequest[]) => Promise<boolean[]>;

/** The most answers that are remembered. */
const MOST = 1_000;

/**
 * Asks only what is not known: an answer holds for the same question for some time, whatever it was, and who asks what is
 * being asked waits for that answer. A fault is no answer. When there are too many, the one that was not used for longest
 * is forgotten.
 *
 * @param seconds how long an answer holds, from when it was asked for; 0: no longer than it is waited for
 */
export function cachedDecisions(ask: Ask, seconds: number, clock: Clock): Ask {
  /** In the order of their use. */
  const answers = new Map<string, { allowed: boolean; until: number }>();
  const asking = new Map<string, Promise<boolean>>();

  function recall(key: string, now: number): boolean | undefined {
    const answer = answers.get(key);
    if (answer === undefined) return undefined;
    answers.delete(key);
    if (answer.until <= now) return undefined;
    answers.set(key, answer);
    return answer.allowed;
  }

  function remember(key: string, allowed: boolean, until: number): void {
    if (until <= clock.now()) return;
    answers.set(key, { allowed, until });
    for (const oldest of answers.keys()) {
      if (answers.size <= MOST) break;
      answers.delete(oldest);
    }
  }

  function askFor(unknown: ReadonlyMap<string, AuthorizerRequest>, now: number): void {
    const answered = ask([...unknown.values()]);
    for (const [index, key] of [...unknown.keys()].entries()) {
      const answer = async () => {
        try {
          const allowed = (await answered)[index] === true;
          remember(key, allowed, now + seconds * 1000);
          return allowed;
        } finally {
          asking.delete(key);
        }
      };
      asking.set(key, answer());
    }
  }

  return async (questions) => {
    const now = clock.now();
    const keyed = questions.map((question) => [questionKey(question), question] as const);
    const known = new Map(keyed.map(([key]) => [key, recall(key, now)]));
    const unknown = new Map(keyed.filter(([key]) => known.get(key) === undefined && !asking.has(key)));
    if (unknown.size > 0) askFor(unknown, now);
    return Promise.all(keyed.map(async ([key]) => known.get(key) ?? (await asking.get(key)) === true));
  };
}

/**
 * What makes two questions the same: everything but the time, which is never the same twice. Two documents that are the
 * same JSON have one key, in whatever order their members are.
 */
export function questionKey({ context: { time: _, ...context }, ...question }: AuthorizerRequest): string {
  return JSON.stringify({ ...question, context }, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
