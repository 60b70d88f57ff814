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

/** Kinds of names. Patterns that match all names of one kind, such as names with a path, restrict nothing either. */
const KINDS: readonly (readonly string[])[] = [NAMES, NAMES.map((name) => `${name}/${name}`)];

/** Reports whether a text contains a wildcard. */
export function hasWildcard(text: string): boolean {
  return /[*?]/.test(text);
}

/**
 * Reports whether patterns together match every name.
 *
 * @param textFor returns, for a pattern, the function from a name to the text that has to match the pattern
 */
export function matchEveryName(
  patterns: readonly string[],
  textFor: (pattern: string) => (name: string) => string = () => (name) => name,
): boolean {
  const wild = patterns.filter(hasWildcard).map((pattern) => ({ pattern, textOf: textFor(pattern) }));
  if (wild.length === 0) return false;
  return KINDS.some((names) => {
    let unmatched = 0;
    return names.every((name) => {
      if (!wild.some(({ pattern, textOf }) => matchesPattern(pattern, textOf(name)))) unmatched++;
      return 2 * unmatched <= names.length;
    });
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

/** Returns a function that makes ARNs of a service, with the partition, region and account of a pattern. */
function arnsFor(service: string, type = ''): (pattern: string) => (name: string) => string {
  return (pattern) => {
    const [, partition, , region, account] = partsOf(pattern);
    const start = ['arn', partition ?? 'aws', service, region ?? '~', account ?? '~', type].join(':');
    return (name) => start + name;
  };
}

/** Reports whether a pattern matches every resource of every service. */
export function isEverything(pattern: string): boolean {
  return /^[*?]*\*[*?]*$/.test(pattern) || (/^[*?a]/i.test(pattern) && matchEveryName([pattern], arnsFor('~service~')));
}

/** Maximum number of patterns without a service that are evaluated in a statement: those with the fewest literal characters. */
const MOST_WITHOUT_SERVICE = 64;

/** Reports whether a statement has more resource patterns than {@link Reach} judges. */
export function hasTooManyPatterns(resources: readonly string[]): boolean {
  return (
    new Set(resources.filter((each) => hasWildcard(each) && serviceIn(each) === undefined)).size > MOST_WITHOUT_SERVICE
  );
}

function serviceIn(pattern: string): string | undefined {
  return partsOf(pattern)[2]?.toLowerCase();
}

/** The resource patterns of a statement. Determines which of them match everything of some kind. */
export class Reach {
  readonly #everything: string[];
  readonly #byService: Map<string | undefined, string[]>;
  readonly #known = new Map<string, string[]>();

  constructor(resources: readonly string[]) {
    const wild = [...new Set(resources.filter(hasWildcard))];
    this.#everything = wild.filter(isEverything);
    this.#byService = Map.groupBy(wild, serviceIn);
    // The time must not grow with the product of actions and resources.
    const broadest = (this.#byService.get(undefined) ?? []).toSorted((a, b) => literals(a) - literals(b));
    this.#byService.set(undefined, broadest.slice(0, MOST_WITHOUT_SERVICE));
  }

  /** Returns the patterns that match every resource of every service. */
  get everything(): readonly string[] {
    return this.#everything;
  }

  /** Returns the patterns that match all resources of a service, of any type. */
  ofService(service: string): readonly string[] {
    return this.#matching(service, '', (patterns) => matchEveryName(patterns, arnsFor(service)));
  }

  /** Returns the patterns that match all resources of one type of a service, as `table/*` does. */
  ofAType(service: string): readonly string[] {
    return this.#matching(service, '*', (patterns) =>
      [...Map.groupBy(patterns, typeOf)].some(
        ([type, ofType]) =>
          type !== undefined &&
          ['/', ':'].some((separator) => matchEveryName(ofType, arnsFor(service, `${type}${separator}`))),
      ),
    );
  }

  /** Returns the patterns that match every resource of a type, such as `role/`, in their account and region. */
  ofType(service: string, type: string): readonly string[] {
    return this.#matching(service, type, (patterns) => matchEveryName(patterns, arnsFor(service, type)));
  }

  #matching(service: string, type: string, match: (patterns: readonly string[]) => boolean): readonly string[] {
    const key = `${service} ${type}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const ofService = [...(this.#byService.get(service) ?? []), ...(this.#byService.get(undefined) ?? [])];
    const alone = [...new Set([...this.#everything, ...ofService.filter((pattern) => match([pattern]))])];
    const [first] = ofService;
    const together = alone.length === 0 && ofService.length > 1 && match(ofService);
    const found = together ? [`${first} and ${ofService.length - 1} more, which together match everything`] : alone;
    this.#known.set(key, found);
    return found;
  }
}

/** A cache, because several rules judge the same statement. */
const reaches = new WeakMap<readonly string[], Reach>();

/** Returns the {@link Reach} of the resource patterns of a statement. */
export function reachOf(resources: readonly string[]): Reach {
  const reach = reaches.get(resources) ?? new Reach(resources);
  reaches.set(resources, reach);
  return reach;
}

function literals(pattern: string): number {
  return pattern.replace(/[*?]/g, '').length;
}

function typeOf(pattern: string): string | undefined {
  return TYPES.exec(partsOf(pattern)[5] ?? '')?.[0];
}
