import { UNKNOWN } from './intrinsics.ts';

/** Beginnings of the names of actions that change nothing. */
const READS =
  /^(?:get|list|describe|head|batchget|batchdescribe|batchcheck|check|search|lookup|query|scan|view|preview|simulate|validate|verify|estimate|detect)/i;

/**
 * Actions without resource-level permissions: IAM permits them on every resource or on none.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
const WITHOUT_RESOURCE = [
  'cloudwatch:PutMetricData',
  'ec2messages:*',
  'kms:CreateKey',
  'kms:GenerateRandom',
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
  'route53:CreateHostedZone',
  'ssmmessages:*',
  'tag:TagResources',
  'tag:UntagResources',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

/** Reports whether an action changes a resource, or uses a key, that a policy could name. */
export function changesWhatCouldBeNamed(action: string): boolean {
  const [service, name] = action.split(':');
  if (!service || !name || action.includes(UNKNOWN)) return false;
  return !READS.test(name) && !WITHOUT_RESOURCE.some((pattern) => matchesPattern(pattern, action));
}

/** Reports whether an action pattern matches every action of one service, as `s3:*` does. */
export function isWholeService(action: string): boolean {
  return /^[\w-]+:[*?]*\*[*?]*$/.test(action);
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
