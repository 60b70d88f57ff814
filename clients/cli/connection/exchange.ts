import type * as z from 'zod';
import { checkRequest, type NameOption } from './name-option.ts';
import { send, type Way } from './send.ts';
import { type ConnectionOptions, resolveSettings } from './settings.ts';

/** One of the machine's requests: where it goes, what it says, what comes back, and its fields' names here. */
export interface Exchange<Request extends z.ZodType, Answer extends z.ZodType> extends Way {
  request: Request;
  answer: Answer;
  nameOption: NameOption;
}

/**
 * Checks a request, finds the machine and the caller's identity, asks, and checks the answer.
 *
 * @throws {Failure}
 */
export async function exchange<Request extends z.ZodType<object>, Answer extends z.ZodType>(
  { request, answer, nameOption, ...way }: Exchange<Request, Answer>,
  unverified: object,
  options: ConnectionOptions,
): Promise<z.infer<Answer>> {
  const checked = checkRequest(request, unverified, nameOption);
  return send(await resolveSettings(options), way, checked, answer, nameOption);
}
