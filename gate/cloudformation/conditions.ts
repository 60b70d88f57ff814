import { includeEveryone } from '../model/addresses.ts';
import { isMapping, mapping } from '../model/values.ts';
import { alternatives, isIntrinsic, resolveText, UNKNOWN } from './intrinsics.ts';
import { hasWildcard, matchEveryName } from './patterns.ts';

/** Operators that match only if the key is present and has a given value: no `…IfExists`, no `Null`, no `Not…`. */
const POSITIVE = /^(?:ForAnyValue:)?(?:String(?:Equals|EqualsIgnoreCase|Like)|Arn(?:Equals|Like)|IpAddress|Bool)$/i;

/** Operators that support wildcards. In other operators, `*` is a literal asterisk. */
const WITH_WILDCARDS = /Like$|Arn/i;

/** Reports whether patterns of values, which may be combined, match every value that anyone can get. */
type IsOpen = (patterns: readonly string[]) => boolean;

const anyWildcard: IsOpen = (patterns) => patterns.some(hasWildcard);

/**
 * What makes the values of a key open, by the key in lower case. The first match applies. Anyone can create accounts,
 * organizations and networks until an id matches a pattern, and resources of any name in an account.
 */
const OPEN: readonly [RegExp, IsOpen][] = [
  [/orgpaths$/, (patterns) => patterns.some((pattern) => hasWildcard(pattern.split('/')[0] ?? ''))],
  [/(?:orgid|organizationid|account|sourceowner|vpce?)$/, anyWildcard],
  [/ip$/, (patterns) => includeEveryone(patterns) || anyWildcard(patterns)],
  [/^aws:userid$/, (patterns) => patterns.some((text) => hasWildcard(text) && !/^[A-Z0-9]{12}/.test(text))],
  [/^(?:aws:(?:principal|source)|source)arn$/, (patterns) => patterns.some(isArnOfAnyAccount)],
  [/arn$|permissionsboundary$/, matchEveryResource],
  [/service(?:name)?$/, (patterns) => matchEveryName(patterns.map((text) => text.replace(/\.amazonaws\.com$/, '')))],
  [/^/, matchEveryName],
];

/** Reports whether values of a key are met by everyone. `key` is in lower case. */
export function isOpen(key: string, patterns: readonly string[]): boolean {
  const known = patterns.filter((pattern) => !pattern.includes(UNKNOWN));
  const [, open = matchEveryName] = OPEN.find(([keys]) => keys.test(key)) ?? [];
  return open(known) || known.some((pattern) => /^[*?]*\*[*?]*$/.test(pattern));
}

/** Reports whether an ARN pattern matches resources of every account. The ARN of a bucket has no account. */
function isArnOfAnyAccount(pattern: string): boolean {
  if (!hasWildcard(pattern) || /:\d{12}(?=[:*]|$)/.test(pattern)) return false;
  const [, , service = '*', , account = '*'] = pattern.split(':');
  if (account === '' || account === 'aws' || service === 's3') return matchEveryName([resourceName(pattern)]);
  return hasWildcard(account);
}

/** Reports whether ARN patterns together match resources of every name. */
export function matchEveryResource(patterns: readonly string[]): boolean {
  return matchEveryName(patterns.map(resourceName));
}

/** Returns the name at the end of an ARN, without the type before it. */
function resourceName(arn: string): string {
  const resource = arn.split(':').slice(5).join(':');
  return resource === '' ? arn.replace(/^.*:/, '') : resource.replace(/^[\w-]+[/:]/, '');
}

/** Condition keys about the caller or its origin that callers cannot set. A condition on one restricts the principal `*`. */
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
  'aws:VpceAccount',
  'aws:VpceOrgID',
  'aws:VpceOrgPaths',
  // A mount requires access to the network of the file system's mount target.
  'elasticfilesystem:AccessedViaMountTarget',
  'kms:CallerAccount',
  's3:DataAccessPointAccount',
].map((key) => key.toLowerCase());

/** Reports whether a condition restricts access to named callers. */
export function namesCallers(condition: unknown): boolean {
  return restricts(condition, (key) => WHO.includes(key));
}

/**
 * Keys that each holder of a permission meets or sets: its own identity, its session, the tags and headers of its request,
 * the time, and the stage of a secret. The account, organization and region of a resource restrict nothing, as in an ARN.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
const MET_BY_HOLDER =
  /^aws:(?:principal.*|username|userid|sourceidentity|federatedprovider|tokenissuetime|multifactorauth.*|securetransport|useragent|referer|currenttime|epochtime|requesttag\/.*|tagkeys|requestedregion|resource(?:account|orgid|orgpaths))$|^secretsmanager:versionstage$/;

/** Reports whether a condition restricts the holder of a permission to certain resources or ways to use it. */
export function restrictsHolder(condition: unknown): boolean {
  return restricts(condition, (key) => !MET_BY_HOLDER.test(key));
}

/** Reports whether a condition restricts a permission to resources with certain tags. */
export function requiresResourceTags(condition: unknown): boolean {
  return restricts(condition, (key) => /:resourcetag\//.test(key));
}

/** Reports whether a condition requires tags in the request, which restricts what a request can create. */
export function requiresRequestTags(condition: unknown): boolean {
  return restricts(condition, (key) => /^aws:(?:requesttag\/|tagkeys$)/.test(key));
}

/**
 * Reports whether a condition restricts a key. A value that is unknown before deployment counts as a restriction.
 *
 * @param isKey selects the keys, given in lower case
 * @param open reports whether everyone meets values of a key, given in lower case. The values are patterns, in which only
 *   wildcards are special
 */
export function restricts(
  condition: unknown,
  isKey: (key: string) => boolean,
  open: (key: string, patterns: readonly string[]) => boolean = isOpen,
): boolean {
  if (condition === undefined || condition === null || mapping(condition).Ref === 'AWS::NoValue') return false;
  const branches = branchesOf(condition);
  if (branches) return branches.every((branch) => restricts(branch, isKey, open));
  if (!isMapping(condition) || isIntrinsic(condition)) return true;
  return Object.entries(condition).some(([operator, keys]) => {
    const isNull = /^Null$/i.test(operator);
    if (!isNull && !POSITIVE.test(operator)) return false;
    const ofKeys = branchesOf(keys);
    if (ofKeys) return ofKeys.every((branch) => restricts({ [operator]: branch }, isKey, open));
    if (mapping(keys).Ref === 'AWS::NoValue') return false;
    if (!isMapping(keys) || isIntrinsic(keys)) return !isNull;
    return Object.entries(keys).some(([name, value]) => {
      const key = name.toLowerCase();
      if (!isKey(key)) return false;
      const wanted = alternatives(value).map((each) => resolveText(typeof each === 'boolean' ? String(each) : each));
      if (wanted.length === 0) return false;
      // Only for tags does the presence of the key restrict anything.
      if (isNull) return /tag\//.test(key) && wanted.every((text) => /^false$/i.test(text));
      // `aws:PrincipalIsAWSService: false` matches every caller that is not an AWS service.
      if (/Bool$/i.test(operator)) return !wanted.some((text) => /^false$/i.test(text));
      // The condition is true if any one of the values matches.
      const wildcards = WITH_WILDCARDS.test(operator);
      return !open(
        key,
        wanted.map((text) => patternOf(key, text, wildcards)),
      );
    });
  });
}

/** Returns the values of `Fn::If`. */
function branchesOf(value: unknown): unknown[] | undefined {
  const branches = mapping(value)['Fn::If'];
  return Array.isArray(branches) ? branches.slice(1) : undefined;
}

/** A character that no value has. It stands for an asterisk or question mark that is not a wildcard. */
const NO_WILDCARD = '\u0001';

/**
 * Returns a value as a pattern. A policy variable such as `${aws:PrincipalAccount}` is a wildcard if the caller determines
 * the variable as well as the key. In a condition on the resource, it restricts the caller to resources of its own.
 */
function patternOf(key: string, text: string, wildcards: boolean): string {
  const literal = wildcards ? text : text.replace(/[*?]/g, NO_WILDCARD);
  const isOfResource = (name: string) => /resource|^iam:/i.test(name);
  return literal.replace(/\$\{([^{}]*)\}/g, (whole, name: string) => {
    if (/^.?$/.test(name)) return NO_WILDCARD;
    return isOfResource(name) === isOfResource(key) ? '*' : whole;
  });
}
