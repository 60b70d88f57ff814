import { isMapping } from '../values.ts';
import { alternatives, isIntrinsic, resolveText } from './intrinsics.ts';

/** Operators that hold only where the key is there and is what is written: no `…IfExists`, no `Null`, no `Not…`. */
const POSITIVE = /^(?:ForAnyValue:)?(?:String(?:Equals|EqualsIgnoreCase|Like)|Arn(?:Equals|Like)|IpAddress|Bool)$/i;

/** In these, `*` is any text; elsewhere it is an asterisk. */
const WITH_WILDCARDS = /Like$|Arn|IpAddress/i;

const ANYTHING = /^[*?]+$|^arn:[^:]*:[^:]*:[^:]*:[*?]+:|^0\.0\.0\.0\/0$|^::\/0$/;

/** Keys that say who asks, or from where: a condition on one of these makes less than the world of `*`. */
const WHO = [
  'aws:PrincipalAccount',
  'aws:PrincipalArn',
  'aws:PrincipalIsAWSService',
  'aws:PrincipalOrgID',
  'aws:PrincipalOrgPaths',
  'aws:PrincipalServiceName',
  'aws:SourceAccount',
  'aws:SourceArn',
  'aws:SourceIp',
  'aws:SourceOrgID',
  'aws:SourceOrgPaths',
  'aws:SourceOwner',
  'aws:SourceVpc',
  'aws:SourceVpce',
  'aws:userid',
  'aws:username',
  // Mounting is to be in the network of the file system's mount target.
  'elasticfilesystem:AccessedViaMountTarget',
  'kms:CallerAccount',
  's3:DataAccessPointAccount',
].map((key) => key.toLowerCase());

/** Whether a condition lets in only callers that it names. */
export function namesCallers(condition: unknown): boolean {
  return restricts(condition, (key) => WHO.includes(key) || key.startsWith('aws:principaltag/'));
}

/**
 * Whether a condition asks something of a key, that not every value fulfils. What cannot be known is taken to.
 *
 * @param isKey is given the key in lower case
 * @param anything what any caller fulfils
 */
export function restricts(condition: unknown, isKey: (key: string) => boolean, anything = ANYTHING): boolean {
  if (condition === undefined || condition === null) return false;
  if (!isMapping(condition) || isIntrinsic(condition)) return true;
  return Object.entries(condition).some(([operator, keys]) => {
    if (!POSITIVE.test(operator)) return false;
    if (!isMapping(keys) || isIntrinsic(keys)) return true;
    return Object.entries(keys).some(([key, value]) => {
      if (!isKey(key.toLowerCase())) return false;
      const wanted = alternatives(value).map(resolveText);
      // One of them is enough for the condition to hold.
      return wanted.length > 0 && !(WITH_WILDCARDS.test(operator) && wanted.some((text) => anything.test(text)));
    });
  });
}
