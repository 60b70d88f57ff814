import type * as z from 'zod';
import { checkRequest, type NameOption } from './name-option.ts';
import { type RequestTarget, send } from './send.ts';
import { type ConnectionOptions, resolveSettings } from './settings.ts';

/** A request to the service: its path, its schema, the schema of the response, and the options that its fields are. */
export interface Exchange<Request extends z.ZodType, Answer extends z.ZodType> extends RequestTarget {
  request: Request;
  answer: Answer;
  nameOption: NameOption;
}

/**
 * Validates a request, resolves the endpoint and the caller's identity, sends it, and validates the response.
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
