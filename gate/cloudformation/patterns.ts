import { matchesPattern } from './actions.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * Made-up names with different first and last letters and of different lengths. Patterns that match at least half of them
 * restrict nothing, as `*`, `?????*`, and `a*` to `z*` together.
 */
const NAMES: readonly string[] = [...LETTERS].map((first, index) => {
  const [second, last] = [LETTERS.at((5 * index) % 26), LETTERS.at(-1 - index)];
  return `${first}${second}${'~-~'.repeat(1 + 3 * (index % 4))}${second}${last}`;
});

/** Kinds of names. Patterns that match one kind, as every name with a path, restrict nothing either. */
const KINDS: readonly (readonly string[])[] = [NAMES, NAMES.map((name) => `${name}/${name}`)];

/** Reports whether a text contains a wildcard. */
export function hasWildcard(text: string): boolean {
  return /[*?]/.test(text);
}

/**
 * Reports whether patterns together match every name.
 *
 * @param textOf returns the text that has to match a pattern for a name to match
 */
export function matchEveryName(
  patterns: readonly string[],
  textOf: (name: string, pattern: string) => string = (name) => name,
): boolean {
  const wild = patterns.filter(hasWildcard);
  return KINDS.some((names) => {
    const matched = names.filter((name) => wild.some((pattern) => matchesPattern(pattern, textOf(name, pattern))));
    return 2 * matched.length >= names.length;
  });
}

/** Resource types that precede the resource name in an ARN. */
const TYPES =
  /^(?:alarm|alias|cluster|container|crawler|database|db|deliverystream|distribution|domain|event-bus|file-system|function|group|hostedzone|identitypool|index|instance|job|key|layer|log-group|parameter|pipeline|policy|project|repository|role|rule|secret|service|snapshot|stack|stateMachine|stream|table|targetgroup|task|task-definition|user|userpool|vault|volume|workflow)(?=[/:])/;

/** Splits an ARN pattern into its parts. A trailing wildcard covers the missing parts, which are `undefined`. */
function partsOf(pattern: string): (string | undefined)[] {
  const parts = pattern.split(':');
  const resource = parts.length > 5 ? parts.slice(5).join(':') : undefined;
  // If there are fewer parts, the last one is the wildcard.
  const known = parts.length > 5 ? parts.slice(0, 5) : parts.slice(0, -1);
  return [...Array.from({ length: 5 }, (_, index) => literal(known[index])), resource];
}

function literal(part: string | undefined): string | undefined {
  return part === undefined || hasWildcard(part) ? undefined : part;
}

/** Returns a made-up ARN of a service, with the partition, region and account of the pattern. */
function dummyArn(pattern: string, service: string, resource: string): string {
  const [, partition, , region, account] = partsOf(pattern);
  return ['arn', partition ?? 'aws', service, region ?? '~', account ?? '~', resource].join(':');
}

/** Reports whether a pattern matches every resource of every service. */
export function isEverything(pattern: string): boolean {
  return /^[*?]*\*[*?]*$/.test(pattern) || matchEveryName([pattern], (name) => dummyArn('', name, name));
}

/** The resource patterns of a statement. Answers which of them match everything of some kind. */
export class Reach {
  readonly #everything: string[];
  readonly #wild: string[];
  readonly #known = new Map<string, string[]>();

  constructor(resources: readonly string[]) {
    this.#wild = [...new Set(resources.filter(hasWildcard))];
    this.#everything = this.#wild.filter(isEverything);
  }

  /** Returns the patterns that match every resource of every service. */
  get everything(): readonly string[] {
    return this.#everything;
  }

  /** Returns the patterns that match all resources of a service, of any type. */
  ofService(service: string): readonly string[] {
    return this.#matching(service, '', (patterns) =>
      matchEveryName(patterns, (name, pattern) => dummyArn(pattern, service, name)),
    );
  }

  /** Returns the patterns that match all resources of one type of a service, as `table/*` does. */
  ofAType(service: string): readonly string[] {
    return this.#matching(service, '*', (patterns) =>
      [...Map.groupBy(patterns, typeOf)].some(
        ([type, ofType]) =>
          type !== undefined &&
          ['/', ':'].some((separator) =>
            matchEveryName(ofType, (name, pattern) => dummyArn(pattern, service, `${type}${separator}${name}`)),
          ),
      ),
    );
  }

  /** Returns the patterns that match every resource of a type, such as `role/`, in their account and region. */
  ofType(service: string, type: string): readonly string[] {
    return this.#matching(service, type, (patterns) =>
      matchEveryName(patterns, (name, pattern) => dummyArn(pattern, service, `${type}${name}`)),
    );
  }

  #matching(service: string, type: string, match: (patterns: readonly string[]) => boolean): readonly string[] {
    const key = `${service} ${type}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const ofService = this.#wild.filter((pattern) => [undefined, service].includes(partsOf(pattern)[2]?.toLowerCase()));
    const alone = [...new Set([...this.#everything, ...ofService.filter((pattern) => match([pattern]))])];
    const [first] = ofService;
    const together = alone.length === 0 && ofService.length > 1 && match(ofService);
    const found = together ? [`${first} and ${ofService.length - 1} more, which together match everything`] : alone;
    this.#known.set(key, found);
    return found;
  }
}

function typeOf(pattern: string): string | undefined {
  return TYPES.exec(partsOf(pattern)[5] ?? '')?.[0];
}
