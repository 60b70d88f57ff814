import { type Failure, usageFailure } from '@tvm/terminal/failure.ts';
import type * as z from 'zod';

/** What a request's field is on the command line. */
export interface NamedOption {
  /** As in `--location`. */
  option: string;
  /** How a sentence begins that faults it, as in `--location "a//b"`. */
  label: string;
}

/**
 * Says what a request's field is on the command line.
 *
 * @param path from the request's root, as in `['authorization_details', 0, 'locations']`
 */
export type NameOption = (path: readonly PropertyKey[]) => NamedOption | undefined;

/** Options that stand for one field each. */
export function namedBy(options: Record<string, string>): NameOption {
  return ([field]) => {
    const option = options[String(field)];
    return option === undefined ? undefined : { option, label: option };
  };
}

/**
 * Checks a request against the contract's schema before anything goes over the network.
 *
 * @throws {Failure} a sentence that names the option at fault
 */
export function checkRequest<S extends z.ZodType>(schema: S, unverified: unknown, nameOption: NameOption): z.infer<S> {
  const parsed = schema.safeParse(unverified);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw atFault(issue?.path ?? [], issue?.message ?? 'is not valid', nameOption);
}

function atFault(path: readonly PropertyKey[], problem: string, nameOption: NameOption): Failure {
  const named = nameOption(path);
  return usageFailure(inOptions(`${named?.label ?? path.join('.')} ${problem}`, nameOption), named?.option);
}

/**
 * Tells the machine's description of a bad field in the command line's words.
 *
 * @param field as the machine names it, as in `authorization_details[0].locations[0]`
 */
export function translateDescription(description: string, field: string, nameOption: NameOption) {
  const named = nameOption(field.split(/[.[\]]+/).filter(Boolean));
  const sentence =
    named !== undefined && description.startsWith(field) ? named.label + description.slice(field.length) : description;
  return { option: named?.option, sentence: inOptions(sentence, nameOption) };
}

// "or resource must be given": the other field of a choice.
function inOptions(sentence: string, nameOption: NameOption): string {
  return sentence.replace(/ or (\w+) must be given/, (whole, field: string) => {
    const named = nameOption([field]);
    return named === undefined ? whole : ` or ${named.option} must be given`;
  });
}
