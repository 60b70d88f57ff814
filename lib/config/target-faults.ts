import { type Fault, isMapping, type Place } from '@tvm/core/settings/fault.ts';
import { RegionInfo } from 'aws-cdk-lib/region-info';

/** What a configuration is for, as far as that is known. */
export interface Target {
  stage?: string | undefined;
  /** Where it is deployed to. */
  region?: string | undefined;
  account?: string | undefined;
}

/** The stage that is in an emulator, and the account that emulators have. No account of AWS has this number. */
const LOCAL = 'local';
const EMULATED = '000000000000';

/** What keeps a configuration, right or wrong in itself, from being that of its stage, or from being deployed there. */
export function targetFaults(unverified: Record<string, unknown>, target: Target): Fault[] {
  const emulated = unverified.emulator !== undefined;
  // Emulators have one partition in whatever region.
  if (emulated) return [...emulatorFaults(target), ...arnFaults(unverified, {})];
  return [...arnFaults(unverified, target), ...accountFaults(unverified, target)];
}

/** An emulator goes without protections: see where `emulator` is read. */
function emulatorFaults({ stage, account }: Target): Fault[] {
  const place = ['emulator'];
  if (stage !== undefined && stage !== LOCAL) {
    return [{ place, problem: `must be absent: only config/${LOCAL}.toml is deployed into an emulator` }];
  }
  if (account !== undefined && account !== EMULATED) {
    return [{ place, problem: `must be absent in the AWS account ${account}: an emulator’s is ${EMULATED}` }];
  }
  return [];
}

/** The partition of a region, as in `aws-cn`; `undefined` where no region is named, or one that CDK does not know. */
export function partitionOf(region: string | undefined): string | undefined {
  return region === undefined ? undefined : RegionInfo.get(region).partition;
}

interface Arn {
  place: Place;
  partition: string;
  region: string;
  account: string;
}

/** The keys whose values are ARNs. */
const ARN_KEYS = new Set<unknown>(['certificate_arn', 'principal', 'subject']);

function arnsIn(value: unknown, place: Place = []): Arn[] {
  if (typeof value === 'string' && ARN_KEYS.has(place.at(-1))) {
    const [, partition, region, account] = /^arn:([^:]+):[^:]+:([^:]*):(\d{12}):/.exec(value) ?? [];
    return partition === undefined ? [] : [{ place, partition, region: region ?? '', account: account ?? '' }];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => arnsIn(item, [...place, index]));
  return isMapping(value) ? Object.entries(value).flatMap(([key, item]) => arnsIn(item, [...place, key])) : [];
}

/** ARNs of what is not where the stack is: nothing in another partition can call it, and it can use nothing there. */
function arnFaults(unverified: Record<string, unknown>, { region, account }: Target): Fault[] {
  const arns = arnsIn(unverified);
  const ofRegion = partitionOf(region);
  const partition = ofRegion ?? arns[0]?.partition;
  const where = ofRegion === undefined ? ', as the first ARN is' : `, that of the region ${region}`;
  return arns.flatMap((arn) => {
    const must = (what: string, is: string) => [{ place: arn.place, problem: `must be of ${what}: it is of ${is}` }];
    if (arn.partition !== partition) return must(`the partition ${partition}${where}`, arn.partition);
    if (arn.place.at(-1) !== 'certificate_arn') return [];
    if (region && arn.region !== region) return must(`the region ${region}, where the stack is`, arn.region);
    if (account && arn.account !== account) return must(`the account ${account}, where the stack is`, arn.account);
    return [];
  });
}

/** Accounts that nothing can be said of: an emulator's, which no caller has, and among the others the stack's own. */
function accountFaults(unverified: Record<string, unknown>, { account: own }: Target): Fault[] {
  const { trusted_accounts: accounts } = unverified;
  const trusted = (Array.isArray(accounts) ? accounts : []).map((account: unknown, index) => ({
    place: ['trusted_accounts', index],
    account,
  }));
  const emulated = [...arnsIn(unverified), ...trusted].filter(({ account }) => account === EMULATED);
  const itself = trusted.filter(({ account }) => account === own);
  return [
    ...emulated.map(({ place }) => ({ place, problem: `must name an AWS account: ${EMULATED} is an emulator’s` })),
    ...itself.map(({ place }) => ({ place, problem: `must name another account than ${own}, where the stack is` })),
  ];
}
