import { DependencyFault } from '../ports.ts';

/**
 * One thing that Cedar allowed, and everything that a further condition may know of it. Rego sees it as `input`, in these
 * very names; authzen.ts says what AuthZEN makes of it.
 */
export interface AuthorizerRequest {
  subject: {
    /** The workload's one ARN: of its role, without path and session, or of its user. */
    id: string;
    /** What is verified of it: `account`, `kind`, `name`, and what the operator says. Nothing of the caller's choice. */
    properties: Readonly<Record<string, unknown>>;
  };
  action: 'read' | 'write' | 'assume';
  resource: {
    /** The location as it was asked for, where `…/*` is all that is below; of `assume`, the role's name. */
    id: string;
    /** What the operator says of it. */
    properties: Readonly<Record<string, unknown>>;
  };
  context: {
    audience: string;
    /** Of the token, in seconds. */
    lifetime: number;
    /** Now, in UTC and always in this form: `2026-01-31T08:15:00.000Z`. */
    time: string;
    /** IPv4 or IPv6 address. */
    sourceIp: string;
    /** The fields that were named; all when absent. */
    fields?: readonly string[];
    /** The caller's own words: never a ground to allow. */
    reason?: string;
  };
}

/** What must allow, besides Cedar. */
export interface ExternalAuthorizer {
  /** As the configuration calls it. */
  readonly name: string;
  /**
   * @returns an answer for each question, in their order; what is not `true` refuses
   * @throws whatever kept it from answering
   */
  allows(questions: readonly AuthorizerRequest[]): Promise<boolean[]>;
}

/** What a condition did not allow. */
export interface Refusal {
  /** Its name. */
  condition: string;
  refused: AuthorizerRequest[];
}

/**
 * Asks all conditions about all questions, all at once.
 *
 * @returns the conditions that refused something, in their order; empty when every one allows everything
 * @throws DependencyFault named after a condition that did not answer: then nothing is known, and nothing is allowed
 */
export async function refusedBy(
  conditions: readonly ExternalAuthorizer[],
  questions: readonly AuthorizerRequest[],
): Promise<Refusal[]> {
  const refusals = await Promise.all(
    conditions.map(async (condition) => {
      const answers = await answersOf(condition, questions);
      // Exactly `true`, whatever the types say: the answers come from elsewhere.
      return { condition: condition.name, refused: questions.filter((_, index) => answers[index] !== true) };
    }),
  );
  return refusals.filter(({ refused }) => refused.length > 0);
}

async function answersOf(condition: ExternalAuthorizer, questions: readonly AuthorizerRequest[]): Promise<boolean[]> {
  try {
    const answers = await condition.allows(questions);
    if (answers.length !== questions.length) throw new Error(`gave ${answers.length} answers to ${questions.length}`);
    return answers;
  } catch (cause) {
    throw new DependencyFault(`condition ${condition.name}`, cause);
  }
}
