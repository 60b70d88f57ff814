import table from './action-table.json' with { type: 'json' };
import { UNKNOWN } from './intrinsics.ts';

/**
 * For each service, the patterns of the actions that change a resource, or use a key, that a policy could name. AWS
 * publishes which actions have resource types.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
const CHANGING: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(table.changing).map(([service, patterns]) => [service, patterns.split(' ')]),
);

/** The services none of whose actions has a resource type. */
const WITHOUT_RESOURCES: ReadonlySet<string> = new Set(table.withoutResources.split(' '));

/**
 * Reports whether an action pattern includes an action that changes a resource, or uses a key, that a policy could name.
 * Reports false for an unknown service.
 */
export function changesWhatCouldBeNamed(action: string): boolean {
  const [service = '', name = ''] = action.toLowerCase().split(':');
  if (action.includes(UNKNOWN)) return false;
  return (CHANGING.get(service) ?? []).some((pattern) => overlap(pattern.toLowerCase(), name));
}

/** Reports whether an action pattern matches every action of one service that has resources, as `s3:*` does. */
export function isWholeService(action: string): boolean {
  return /^[\w-]+:[*?]*\*[*?]*$/.test(action) && !WITHOUT_RESOURCES.has(serviceOf(action));
}

/** Omits action patterns that match every action, or that a pattern for a whole service covers. */
export function narrowerActions(actions: readonly string[]): string[] {
  const whole = new Set(actions.filter(isWholeService).map(serviceOf));
  return actions.filter((action) => !isEveryAction(action) && !whole.has(serviceOf(action)));
}

/** Reports whether an action pattern matches every action of every service. */
export function isEveryAction(action: string): boolean {
  return /^\*+(?::[*?]*\*[*?]*)?$/.test(action);
}

/** Returns the service prefix of an action. */
export function serviceOf(action: string): string {
  return action.split(':')[0]?.toLowerCase() ?? '';
}

/** Reports whether a text matches a pattern with the wildcards `*` and `?`. Like IAM, it ignores case. */
export function matchesPattern(pattern: string, text: string): boolean {
  const wanted = pattern.toLowerCase();
  const given = text.toLowerCase();
  let at = 0;
  let star = -1;
  let resumed = 0;
  let index = 0;
  // Backtracks only to the last star, so that no pattern makes the search slow. A regular expression could be slow.
  while (index < given.length) {
    if (wanted[at] === '*') {
      star = at++;
      resumed = index;
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[index])) {
      at++;
      index++;
    } else if (star !== -1) {
      at = star + 1;
      index = ++resumed;
    } else {
      return false;
    }
  }
  while (wanted[at] === '*') at++;
  return at === wanted.length;
}

/** Reports whether some text matches both patterns. The only wildcard of the first is a `*` at its end. */
function overlap(first: string, second: string): boolean {
  if (!first.endsWith('*')) return matchesPattern(second, first);
  const prefix = first.slice(0, -1);
  const star = second.indexOf('*');
  const start = star === -1 ? second : second.slice(0, star);
  // A text without a star must be as long as the prefix. A star matches the rest of the prefix.
  const length = star === -1 ? prefix.length : Math.min(prefix.length, start.length);
  return matchesPattern(start.slice(0, length), prefix.slice(0, length));
}
