import { type Failure, usageFailure } from '@tvm/terminal/failure.ts';
import type * as z from 'zod';

/** The option that sets a field of a request. */
export interface NamedOption {
  /** The name, such as `--location`. */
  option: string;
  /** The start of an error message about the option, such as `--location "a//b"`. */
  label: string;
}

/**
 * Maps a field of a request to its option.
 *
 * @param path the path of the field in the request, such as `['authorization_details', 0, 'locations']`
 */
export type NameOption = (path: readonly PropertyKey[]) => NamedOption | undefined;

/** Returns a mapping for options that set one field each. */
export function namedBy(options: Record<string, string>): NameOption {
  return ([field]) => {
    const option = options[String(field)];
    return option === undefined ? undefined : { option, label: option };
  };
}

/**
 * Validates a request with the schema of the contract before it is sent.
 *
 * @throws {Failure} if the request is invalid; the message names the option
 */
export function checkRequest<S extends z.ZodType>(schema: S, unverified: unknown, nameOption: NameOption): z.infer<S> {
  const parsed = schema.safeParse(unverified);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidOption(issue?.path ?? [], issue?.message ?? 'is not valid', nameOption);
}

function invalidOption(path: readonly PropertyKey[], problem: string, nameOption: NameOption): Failure {
  const named = nameOption(path);
  return usageFailure(inOptions(`${named?.label ?? path.join('.')} ${problem}`, nameOption), named?.option);
}

/**
 * Replaces the name of a field in an error description from the service with the name of its option.
 *
 * @param field the name of the field in the response, such as `authorization_details[0].locations[0]`
 */
export function translateDescription(description: string, field: string, nameOption: NameOption) {
  const named = nameOption(field.split(/[.[\]]+/).filter(Boolean));
  const sentence =
    named !== undefined && description.startsWith(field) ? named.label + description.slice(field.length) : description;
  return { option: named?.option, sentence: inOptions(sentence, nameOption) };
}

// "or resource must be given" names the alternative field.
function inOptions(sentence: string, nameOption: NameOption): string {
  return sentence.replace(/ or (\w+) must be given/, (whole, field: string) => {
    const named = nameOption([field]);
    return named === undefined ? whole : ` or ${named.option} must be given`;
  });
}
