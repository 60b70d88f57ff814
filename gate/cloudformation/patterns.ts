import { matchesPattern } from './actions.ts';

/** A name that nobody gives: a pattern for it is one for any. */
export const ANY_NAME = '~any~';

/** Types of resources that stand before their names in ARNs. */
const TYPES =
  /^(?:alarm|alias|cluster|container|crawler|database|db|deliverystream|distribution|domain|event-bus|file-system|function|group|hostedzone|identitypool|index|instance|job|key|layer|log-group|parameter|pipeline|policy|project|repository|role|rule|secret|service|snapshot|stack|stateMachine|stream|table|targetgroup|task|task-definition|user|userpool|vault|volume|workflow)(?=[/:])/;

/** The parts of an ARN, or of a pattern of one; what is missing is swallowed by the wildcard at its end. */
function partsOf(pattern: string): (string | undefined)[] {
  const parts = pattern.split(':');
  const resource = parts.length > 5 ? parts.slice(5).join(':') : undefined;
  // The last of fewer parts is that wildcard itself.
  const known = parts.length > 5 ? parts.slice(0, 5) : parts.slice(0, -1);
  return [...Array.from({ length: 5 }, (_, index) => literal(known[index])), resource];
}

function literal(part: string | undefined): string | undefined {
  return part === undefined || /[*?]/.test(part) ? undefined : part;
}

/** An ARN of the service that a pattern would be for if it were for any: its partition, region and account, our name. */
function dummyArn(pattern: string, service: string, resource: string, account?: string): string {
  const [, partition, , region, ofPattern] = partsOf(pattern);
  return ['arn', partition ?? 'aws', service, region ?? '~', account ?? ofPattern ?? '~', resource].join(':');
}

/** Whether a pattern is for everything there is. */
export function isEverything(pattern: string): boolean {
  return /^[*?]*\*[*?]*$/.test(pattern) || matchesPattern(pattern, dummyArn('', ANY_NAME, ANY_NAME));
}

/** Whether a pattern is for all resources of a service, whatever their type. */
export function isAnyOfService(pattern: string, service: string): boolean {
  return (
    isEverything(pattern) ||
    [ANY_NAME, `${ANY_NAME}/${ANY_NAME}`].some((resource) =>
      matchesPattern(pattern, dummyArn(pattern, service, resource)),
    )
  );
}

/** Whether a pattern is for all resources of one type, as `table/*` is, or of the whole service. */
export function isAnyOfAType(pattern: string, service: string): boolean {
  const type = TYPES.exec(partsOf(pattern)[5] ?? '')?.[0];
  const name = (separator: string) => dummyArn(pattern, service, `${type}${separator}${ANY_NAME}`);
  return (
    isAnyOfService(pattern, service) || (type !== undefined && ['/', ':'].some((s) => matchesPattern(pattern, name(s))))
  );
}

/** Whether a pattern is for any resource of a given type, its account and region as they are in the pattern. */
export function isAny(pattern: string, service: string, typed: string): boolean {
  return isEverything(pattern) || matchesPattern(pattern, dummyArn(pattern, service, typed));
}

/** Whether a pattern of ARNs is for those of any account: a bucket's has none. */
export function isOfAnyAccount(pattern: string): boolean {
  const [, , service, , account, resource] = partsOf(pattern);
  const type = TYPES.exec(resource ?? '')?.[0];
  const owner = account === '' || account === 'aws' ? account : '~';
  const names = [ANY_NAME, `${ANY_NAME}/${ANY_NAME}`, ...(type ? [`${type}/${ANY_NAME}`, `${type}:${ANY_NAME}`] : [])];
  return names.some((name) => matchesPattern(pattern, dummyArn(pattern, service ?? ANY_NAME, name, owner)));
}
