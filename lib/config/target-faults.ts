import { type Fault, isMapping, type Path } from '@tvm/core/settings/fault.ts';
import { RegionInfo } from 'aws-cdk-lib/region-info';

/** The target of a deployment, as far as it is known. */
export interface Target {
  stage?: string | undefined;
  region?: string | undefined;
  account?: string | undefined;
}

/** The stage that is deployed into an emulator, and the account id of emulators. No AWS account has this id. */
const LOCAL = 'local';
export const EMULATOR_ACCOUNT = '000000000000';

/** Returns the mistakes in a configuration that depend on its stage or on where it is deployed. */
export function targetFaults(unverified: Record<string, unknown>, target: Target): Fault[] {
  const emulated = unverified.emulator !== undefined;
  // Emulators have a single partition for all regions.
  if (emulated) return [...emulatorFaults(target), ...arnFaults(unverified, {})];
  return [...arnFaults(unverified, target), ...accountFaults(unverified, target)];
}

/** Rejects `emulator` outside of an emulator, because it removes protections. */
function emulatorFaults({ stage, account }: Target): Fault[] {
  const path = ['emulator'];
  if (stage !== undefined && stage !== LOCAL) {
    return [{ path, problem: `must be absent: only config/${LOCAL}.toml is deployed into an emulator` }];
  }
  if (account !== undefined && account !== EMULATOR_ACCOUNT) {
    return [
      {
        path,
        problem: `must be absent in the AWS account ${account}: emulators have the account ${EMULATOR_ACCOUNT}`,
      },
    ];
  }
  return [];
}

/** Returns the partition of a region, such as `aws-cn`, or `undefined` without a region or for an unknown one. */
export function partitionOf(region: string | undefined): string | undefined {
  return region === undefined ? undefined : RegionInfo.get(region).partition;
}

interface Arn {
  path: Path;
  partition: string;
  region: string;
  account: string;
}

/** The keys whose values are ARNs. */
const ARN_KEYS = new Set<unknown>(['certificate_arn', 'principal', 'subject']);

function arnsIn(value: unknown, path: Path = []): Arn[] {
  if (typeof value === 'string' && ARN_KEYS.has(path.at(-1))) {
    const [, partition, region, account] = /^arn:([^:]+):[^:]+:([^:]*):(\d{12}):/.exec(value) ?? [];
    return partition === undefined ? [] : [{ path, partition, region: region ?? '', account: account ?? '' }];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => arnsIn(item, [...path, index]));
  return isMapping(value) ? Object.entries(value).flatMap(([key, item]) => arnsIn(item, [...path, key])) : [];
}

/**
 * Finds ARNs in another partition than the stack, and certificates in another region or account. Partitions are
 * isolated: resources cannot be used across them.
 */
function arnFaults(unverified: Record<string, unknown>, { region, account }: Target): Fault[] {
  const arns = arnsIn(unverified);
  const ofRegion = partitionOf(region);
  const partition = ofRegion ?? arns[0]?.partition;
  const where = ofRegion === undefined ? ' like the first ARN' : ` of the region ${region}`;
  return arns.flatMap((arn) => {
    const must = (what: string, is: string) => [{ path: arn.path, problem: `must be in ${what}: it is in ${is}` }];
    if (arn.partition !== partition) return must(`the partition ${partition}${where}`, arn.partition);
    if (arn.path.at(-1) !== 'certificate_arn') return [];
    if (region && arn.region !== region) return must(`the region ${region} of the stack`, arn.region);
    if (account && arn.account !== account) return must(`the account ${account} of the stack`, arn.account);
    return [];
  });
}

/** Finds the emulators' account id, which no caller has, and the stack's own account among the trusted accounts. */
function accountFaults(unverified: Record<string, unknown>, { account: own }: Target): Fault[] {
  const { trusted_accounts: accounts } = unverified;
  const trusted = (Array.isArray(accounts) ? accounts : []).map((account: unknown, index) => ({
    path: ['trusted_accounts', index],
    account,
  }));
  const emulated = [...arnsIn(unverified), ...trusted].filter(({ account }) => account === EMULATOR_ACCOUNT);
  const itself = trusted.filter(({ account }) => account === own);
  return [
    ...emulated.map(({ path }) => ({
      path,
      problem: `must name an AWS account: ${EMULATOR_ACCOUNT} is the account of emulators`,
    })),
    ...itself.map(({ path }) => ({
      path,
      problem: `must name other accounts than ${own}, the account of the stack`,
    })),
  ];
}
