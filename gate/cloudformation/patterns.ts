import { matchesPattern } from './actions.ts';

/** A name that no resource has. A pattern that matches it matches every name. */
export const ANY_NAME = '~any~';

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
  return part === undefined || /[*?]/.test(part) ? undefined : part;
}

/**
 * Returns a made-up ARN of a service, with the partition, region and account of the pattern. A pattern that matches it
 * matches every resource.
 */
function dummyArn(pattern: string, service: string, resource: string, account?: string): string {
  const [, partition, , region, ofPattern] = partsOf(pattern);
  return ['arn', partition ?? 'aws', service, region ?? '~', account ?? ofPattern ?? '~', resource].join(':');
}

/** Reports whether a pattern matches every resource of every service. */
export function isEverything(pattern: string): boolean {
  return /^[*?]*\*[*?]*$/.test(pattern) || matchesPattern(pattern, dummyArn('', ANY_NAME, ANY_NAME));
}

/** Reports whether a pattern matches all resources of a service, of any type. */
export function isAnyOfService(pattern: string, service: string): boolean {
  return (
    isEverything(pattern) ||
    [ANY_NAME, `${ANY_NAME}/${ANY_NAME}`].some((resource) =>
      matchesPattern(pattern, dummyArn(pattern, service, resource)),
    )
  );
}

/** Reports whether a pattern matches all resources of one type, as `table/*` does, or of the whole service. */
export function isAnyOfAType(pattern: string, service: string): boolean {
  const type = TYPES.exec(partsOf(pattern)[5] ?? '')?.[0];
  const name = (separator: string) => dummyArn(pattern, service, `${type}${separator}${ANY_NAME}`);
  return (
    isAnyOfService(pattern, service) || (type !== undefined && ['/', ':'].some((s) => matchesPattern(pattern, name(s))))
  );
}

/** Reports whether a pattern matches every resource of a given type in the pattern's account and region. */
export function isAny(pattern: string, service: string, typed: string): boolean {
  return isEverything(pattern) || matchesPattern(pattern, dummyArn(pattern, service, typed));
}

/** Reports whether an ARN pattern matches resources of every account. The ARN of a bucket has no account. */
export function isOfAnyAccount(pattern: string): boolean {
  const [, , service, , account, resource] = partsOf(pattern);
  const type = TYPES.exec(resource ?? '')?.[0];
  const owner = account === '' || account === 'aws' ? account : '~';
  const names = [ANY_NAME, `${ANY_NAME}/${ANY_NAME}`, ...(type ? [`${type}/${ANY_NAME}`, `${type}:${ANY_NAME}`] : [])];
  return names.some((name) => matchesPattern(pattern, dummyArn(pattern, service ?? ANY_NAME, name, owner)));
}
