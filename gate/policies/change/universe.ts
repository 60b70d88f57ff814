import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { ClaimType } from '@tvm/contract/claims.ts';
import { type FederatedSubject, parseFederatedSubject, parseSubject, type WorkloadArn } from '@tvm/contract/subject.ts';
import type { Caller } from '@tvm/core/identity/caller.ts';
import type { RequestedItem } from '@tvm/core/policy/authorization-request.ts';
import { distinguishedLocations } from '@tvm/core/policy/subtree.ts';
import type { PolicyDirectory } from '../directory.ts';
import { literalsOf } from './literals.ts';

/** A workload, or one that represents all unnamed workloads, with its name for messages. */
export interface KnownWorkload {
  caller: Caller;
  title: string;
}

/** A target of a request, with its name for messages. */
export interface KnownTarget {
  item: RequestedItem;
  action: string;
  title: string;
}

/** A segment that no policy names. */
const OTHER = '~any-other';
/** A valid IAM name of a role or user that no policy names. */
const OTHER_NAME = '=any-other=';

/**
 * Returns the workloads that policies can distinguish: all named workloads, and an unnamed one for each account that is
 * named or has named workloads, for any other account, and for each named trust entry.
 */
export function workloadsOf(directories: readonly PolicyDirectory[]): KnownWorkload[] {
  const policies = directories.flatMap(({ policies }) => policies);
  const literals = literalsOf(policies.flatMap(({ conjuncts }) => conjuncts));
  const claims = Object.assign({}, ...directories.map(({ content }) => content.claims));
  const arns = new Set([
    ...policies.flatMap(({ facts }) => facts.named.Workload),
    ...directories.flatMap(({ content }) => Object.keys(content.workloads)),
  ]);
  const named = [...arns].sort().flatMap((arn) => {
    const workload = parseSubject(arn);
    return workload === undefined ? [] : [{ caller: withClaims(workload, claims), title: arn }];
  });
  const accounts = new Set([
    ...named.flatMap(({ caller }) => (caller.kind === 'federated' ? [] : [caller.account])),
    ...literals.texts('principal.account').filter((text) => /^\d{12}$/.test(text)),
    ...literals.patterns('principal.account').flatMap(accountsLike),
  ]);
  const others = [...[...accounts].sort(), 'any other'].flatMap((account) =>
    (['role', 'user'] as const).flatMap((kind) =>
      [undefined, ...literals.texts('principal.name')].flatMap((name) => {
        const id = account === 'any other' ? freeAccount(accounts) : account;
        const subject = `arn:aws:iam::${id}:${kind}/${name ?? OTHER_NAME}`;
        if (arns.has(subject)) return [];
        const what = name === undefined ? `any other ${kind}` : `the ${kind} ${name}`;
        const of = account === 'any other' ? 'any other account' : `account ${account}`;
        return [{ caller: { subject, account: id, kind, name: name ?? OTHER_NAME }, title: `${what} of ${of}` }];
      }),
    ),
  );
  const federated = [...new Set(policies.flatMap(({ facts }) => facts.named.Trust))].sort().flatMap((trust) => {
    const workload = parseFederatedSubject(`${trust}:${OTHER}`);
    if (workload === undefined) return [];
    return [{ caller: withClaims(workload, claims), title: `any other workload of trust entry ${trust}` }];
  });
  return [...named, ...others, ...federated];
}

/** Returns a workload as a caller. A federated one has a value for every text claim that a schema declares. */
function withClaims(workload: WorkloadArn | FederatedSubject, declared: Record<string, ClaimType>): Caller {
  if (workload.kind !== 'federated') return workload;
  const texts = Object.entries(declared).filter(([, type]) => type === 'String');
  return { ...workload, claims: Object.fromEntries(texts.map(([name]) => [name, OTHER])) };
}

/** Returns two accounts that match a pattern, if there are any. @param parts the texts between the wildcards */
function accountsLike(parts: readonly string[]): string[] {
  const missing = 12 - parts.join('').length;
  if (parts.length < 2 || missing < 0) return [];
  const [first = '', ...rest] = parts;
  return ['0', '9']
    .map((digit) => first + digit.repeat(missing) + rest.join(''))
    .filter((text) => /^\d{12}$/.test(text));
}

function freeAccount(taken: ReadonlySet<string>): string {
  for (let number = 0; ; number++) {
    const account = String(999_999_999_999 - number);
    if (!taken.has(account)) return account;
  }
}

/** Returns the targets that policies can distinguish: named locations, an unnamed location below each, and roles. */
export function targetsOf(directories: readonly PolicyDirectory[]): KnownTarget[] {
  const locations = new Set<string>();
  const roles = new Set<string>();
  const actions = new Set(directories.flatMap(({ content }) => Object.keys(content.actions)));
  for (const { policies, content } of directories) {
    for (const { bundled } of policies) {
      for (const location of distinguishedLocations(bundled, content)) locations.add(location);
    }
    for (const location of Object.keys(content.resources)) locations.add(location);
    for (const [name, { authorizationDetails }] of Object.entries(content.roles)) {
      roles.add(name);
      for (const location of authorizationDetails.flatMap(({ locations }) => locations)) {
        if (!location.includes('{')) locations.add(subtreeRoot(location) ?? location);
      }
    }
  }
  const places = [...locations].sort().flatMap((location) => [
    { location, title: location },
    { location: `${location}/${OTHER}`, title: `${location}/*` },
  ]);
  places.push({ location: OTHER, title: 'any other location' });
  return [
    ...places.flatMap(({ location, title }) =>
      [...actions].map((action) => ({ item: { action, location }, action, title })),
    ),
    ...[...roles].sort().map((role) => ({
      item: { action: 'assume' as const, role },
      action: 'assume' as const,
      title: `role ${role}`,
    })),
  ];
}
