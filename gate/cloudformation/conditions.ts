import { isMapping } from '../model/values.ts';
import { matchesPattern } from './actions.ts';
import { alternatives, isIntrinsic, resolveText } from './intrinsics.ts';
import { ANY_NAME, isOfAnyAccount } from './patterns.ts';

/** Operators that hold only where the key is there and is what is written: no `…IfExists`, no `Null`, no `Not…`. */
const POSITIVE = /^(?:ForAnyValue:)?(?:String(?:Equals|EqualsIgnoreCase|Like)|Arn(?:Equals|Like)|IpAddress|Bool)$/i;

/** In these, `*` is any text; elsewhere it is an asterisk. */
const WITH_WILDCARDS = /Like$|Arn|IpAddress/i;

const ANYTHING = /^[*?]+$|^arn:[^:]*:[^:]*:[^:]*:[*?]+:/;

/** What only a pattern for anything is for, by the beginning of the key. */
const DUMMIES: readonly [RegExp, readonly string[]][] = [
  [/orgid$/, [`o-${ANY_NAME}`]],
  [/orgpaths$/, [`o-${ANY_NAME}/r-${ANY_NAME}/ou-${ANY_NAME}/`]],
  [/^aws:sourcevpce?$/, [`vpc-${ANY_NAME}`, `vpce-${ANY_NAME}`]],
  [/^iam:passedtoservice$|servicename$/, [`${ANY_NAME}.amazonaws.com`]],
  [/^/, [ANY_NAME, `${ANY_NAME}:${ANY_NAME}`, `${ANY_NAME}/${ANY_NAME}`]],
];

/** Whether a value asked of a key, in lower case, is one that any caller has. */
export function isAnything(key: string, text: string): boolean {
  if (ANYTHING.test(text) || isWideNetwork(text)) return true;
  if (text.startsWith('arn:') && /[*?]/.test(text) && isOfAnyAccount(text)) return true;
  return DUMMIES.some(([keys, dummies]) => keys.test(key) && dummies.some((dummy) => matchesPattern(text, dummy)));
}

// Two halves are all: nobody owns so much, but for the private networks of IPv6.
function isWideNetwork(text: string): boolean {
  const [, address = '', bits = ''] = /^([\d.]+|[\da-f:]*:[\da-f:]*)\/(\d{1,3})$/i.exec(text) ?? [];
  return bits !== '' && Number(bits) < (address.includes(':') ? 7 : 8);
}

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
 * @param anything whether a value, asked of a key in lower case, is one that any caller has
 */
export function restricts(
  condition: unknown,
  isKey: (key: string) => boolean,
  anything: (key: string, text: string) => boolean = isAnything,
): boolean {
  if (condition === undefined || condition === null) return false;
  if (!isMapping(condition) || isIntrinsic(condition)) return true;
  return Object.entries(condition).some(([operator, keys]) => {
    if (!POSITIVE.test(operator)) return false;
    if (!isMapping(keys) || isIntrinsic(keys)) return true;
    return Object.entries(keys).some(([key, value]) => {
      if (!isKey(key.toLowerCase())) return false;
      const wanted = alternatives(value).map((each) => resolveText(typeof each === 'boolean' ? String(each) : each));
      // To be no service of AWS is to be anyone else.
      if (/^(?:ForAnyValue:)?Bool$/i.test(operator))
        return wanted.length > 0 && !wanted.some((text) => /^false$/i.test(text));
      // One of them is enough for the condition to hold.
      return (
        wanted.length > 0 &&
        !(WITH_WILDCARDS.test(operator) && wanted.some((text) => anything(key.toLowerCase(), text)))
      );
    });
  });
}
