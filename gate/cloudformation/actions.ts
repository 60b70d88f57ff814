import { UNKNOWN } from './intrinsics.ts';

/** Beginnings of the names of actions that change nothing. */
const READS =
  /^(?:get|list|describe|head|batchget|batchdescribe|batchcheck|check|search|lookup|query|scan|view|preview|simulate|validate|verify|estimate|detect)/i;

/**
 * Actions that IAM permits on every resource or on none.
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

/** Whether an action is known to change something, or to use a key, that could be named. */
export function changesWhatCouldBeNamed(action: string): boolean {
  const [service, name] = action.split(':');
  if (!service || !name || action.includes(UNKNOWN)) return false;
  return !READS.test(name) && !WITHOUT_RESOURCE.some((pattern) => matchesPattern(pattern, action));
}

/** Whether an action is all that a service can do, as in `s3:*`. */
export function isWholeService(action: string): boolean {
  return /^[\w-]+:[*?]*\*[*?]*$/.test(action);
}

/** Whether an action is every one of every service. */
export function isEveryAction(action: string): boolean {
  return /^\*+(?::[*?]*\*[*?]*)?$/.test(action);
}

/** The service of an action. */
export function serviceOf(action: string): string {
  return action.split(':')[0]?.toLowerCase() ?? '';
}

/** Whether a pattern, with `*` for any characters and `?` for one, is for a text: without regard to case, as IAM. */
export function matchesPattern(pattern: string, text: string): boolean {
  const wanted = pattern.toLowerCase();
  const given = text.toLowerCase();
  let at = 0;
  let star = -1;
  let resumed = 0;
  let index = 0;
  // Steps back to the last star alone: no pattern makes this slow, as it would a regular expression.
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
