import { isMapping } from '../model/values.ts';
import { matchesPattern } from './actions.ts';
import { alternatives, isIntrinsic, resolveText } from './intrinsics.ts';
import { ANY_NAME, isOfAnyAccount } from './patterns.ts';

/** Operators that match only if the key is present and has a given value: no `…IfExists`, no `Null`, no `Not…`. */
const POSITIVE = /^(?:ForAnyValue:)?(?:String(?:Equals|EqualsIgnoreCase|Like)|Arn(?:Equals|Like)|IpAddress|Bool)$/i;

/** Operators that support wildcards. In other operators, `*` is a literal asterisk. */
const WITH_WILDCARDS = /Like$|Arn|IpAddress/i;

const ANYTHING = /^[*?]+$|^arn:[^:]*:[^:]*:[^:]*:[*?]+:/;

/** Made-up values by key. A pattern that matches one of them matches anything. */
const DUMMIES: readonly [RegExp, readonly string[]][] = [
  [/orgid$/, [`o-${ANY_NAME}`]],
  [/orgpaths$/, [`o-${ANY_NAME}/r-${ANY_NAME}/ou-${ANY_NAME}/`]],
  [/^aws:sourcevpce?$/, [`vpc-${ANY_NAME}`, `vpce-${ANY_NAME}`]],
  [/^iam:passedtoservice$|servicename$/, [`${ANY_NAME}.amazonaws.com`]],
  [/^/, [ANY_NAME, `${ANY_NAME}:${ANY_NAME}`, `${ANY_NAME}/${ANY_NAME}`]],
];

/** Reports whether every caller matches a condition value. `key` is in lower case. */
export function isAnything(key: string, text: string): boolean {
  if (ANYTHING.test(text) || isWideNetwork(text)) return true;
  if (text.startsWith('arn:') && /[*?]/.test(text) && isOfAnyAccount(text)) return true;
  return DUMMIES.some(([keys, dummies]) => keys.test(key) && dummies.some((dummy) => matchesPattern(text, dummy)));
}

// Two halves cover everything, so a network this large is treated as any. Only IPv6 has private networks of /7.
function isWideNetwork(text: string): boolean {
  const [, address = '', bits = ''] = /^([\d.]+|[\da-f:]*:[\da-f:]*)\/(\d{1,3})$/i.exec(text) ?? [];
  return bits !== '' && Number(bits) < (address.includes(':') ? 7 : 8);
}

/** Condition keys about the caller or its origin. A condition on one of them restricts the principal `*`. */
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
  // A mount requires access to the network of the file system's mount target.
  'elasticfilesystem:AccessedViaMountTarget',
  'kms:CallerAccount',
  's3:DataAccessPointAccount',
].map((key) => key.toLowerCase());

/** Reports whether a condition restricts access to named callers. */
export function namesCallers(condition: unknown): boolean {
  return restricts(condition, (key) => WHO.includes(key) || key.startsWith('aws:principaltag/'));
}

/**
 * Reports whether a condition restricts a key. A value that is unknown before deployment counts as a restriction.
 *
 * @param isKey selects the keys, given in lower case
 * @param anything reports whether every caller matches a value of a key, given in lower case
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
      // `aws:PrincipalIsAWSService: false` matches every caller that is not an AWS service.
      if (/^(?:ForAnyValue:)?Bool$/i.test(operator))
        return wanted.length > 0 && !wanted.some((text) => /^false$/i.test(text));
      // The condition is true if any one of the values matches.
      return (
        wanted.length > 0 &&
        !(WITH_WILDCARDS.test(operator) && wanted.some((text) => anything(key.toLowerCase(), text)))
      );
    });
  });
}
