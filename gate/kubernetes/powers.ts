import { mapping } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import { noRule } from './example-role.ts';
import { celMatches, celText } from './fields.ts';
import {
  CEL_EVERY_RESOURCE,
  CEL_WILDCARD,
  coversResource,
  type Grant,
  grantsOf,
  hasVerb,
  isEveryResource,
  isWildcard,
} from './grants.ts';
import type { KubernetesObject } from './objects.ts';

/** Permissions that allow more than their names suggest. */
export interface Power {
  groups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
  /** What the permissions allow, as in `create tokens for any service account`. */
  may: string;
  /** If the grant is restricted to named objects: the names that still make it dangerous. Default: none. */
  names?: RegExp;
  /** Set if the permissions are dangerous only in a grant that is restricted to named objects. */
  isNamed?: true;
  /** The roles in which the permissions are dangerous: for all namespaces, or in `kube-system`. Default: all roles. */
  in?: 'ClusterRole' | 'kube-system';
}

interface PowerRule extends Omit<KubernetesRule, 'check' | 'admission'> {
  powers: readonly Power[];
  /**
   * Whether a wildcard in resources or verbs is reported here, too. Another rule reports every wildcard, so a rule that is
   * only a warning need not.
   */
  withWildcards: boolean;
}

/** Makes a rule about powers, for the gate and for admission. */
export function powerRule({ powers, withWildcards, ...rule }: PowerRule): KubernetesRule {
  return {
    ...rule,
    check: (object) =>
      grantsOf(object)
        // Another rule reports a role over every resource.
        .filter(
          (grant) => !isEveryResource(grant) && (withWildcards || !(isWildcard(grant) || grant.verbs.includes('*'))),
        )
        .flatMap((grant) => {
          const granted = powers.filter((power) => isGranted(power, grant, object));
          if (granted.length === 0) return [];
          const may = granted.map(({ may, isNamed }) => (isNamed ? `${may} (${grant.names.join(', ')})` : may));
          const message = `${object.title} may ${[...new Set(may)].join('; ')}`;
          return [{ in: grant.value, key: 'resources', message }];
        }),
    admission: {
      of: 'roles',
      cel: noRule(
        `!(${CEL_EVERY_RESOURCE}) && ${withWildcards ? '' : `!(${CEL_WILDCARD}) && !('*' in r.verbs) && `}` +
          `(${powers.map(celGranted).join(' || ')})`,
      ),
    },
  };
}

function isGranted(power: Power, grant: Grant, object: KubernetesObject): boolean {
  const hasName = grant.named && grant.names.some((name) => power.names?.test(name));
  return (
    (hasName || (!power.isNamed && !grant.named)) &&
    (power.in === undefined || isIn(power.in, object)) &&
    hasVerb(grant, power.verbs) &&
    (power.groups.some((group) => power.resources.some((resource) => coversResource(grant, group, resource))) ||
      // A patch may add a verb to resources that it does not name. These verbs exist for few resources.
      (grant.resources.length + grant.urls.length === 0 &&
        power.verbs.some((verb) => !COMMON_VERBS.includes(verb) && grant.verbs.includes(verb))))
  );
}

const COMMON_VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'use'];

function isIn(place: Power['in'], { kind, value }: KubernetesObject): boolean {
  if (place === 'ClusterRole') return kind !== 'Role';
  return kind === 'Role' && mapping(value.metadata).namespace === 'kube-system';
}

function celGranted({ groups, resources, verbs, names, isNamed, in: place }: Power): string {
  const isAny = "!has(r.resourceNames) || size(r.resourceNames) == 0 || '*' in r.resourceNames";
  const hasName = names && `!(${isAny}) && r.resourceNames.exists(n, ${celMatches('n', names)})`;
  const anyOf = resources
    .filter((resource) => resource.endsWith('/*'))
    .map((resource) => ` || s.startsWith(${celText(resource.slice(0, -1))})`);
  const subresources = resources.flatMap((resource) =>
    resource.includes('/') ? [resource.replace(/^.*\//, '*/')] : [],
  );
  const conditions = [
    [...(isNamed ? [] : [isAny]), ...(hasName === undefined ? [] : [hasName])].join(' || '),
    `!has(r.apiGroups) || size(r.apiGroups) == 0 || r.apiGroups.exists(g, g in ${celList(['*', ...groups])})`,
    `has(r.resources) && r.resources.exists(s, s in ${celList(['*', '*/*', ...resources, ...new Set(subresources)])}${anyOf.join('')})`,
    `r.verbs.exists(v, v in ${celList(['*', ...verbs])})`,
    ...(place === undefined ? [] : [CEL_IN[place]]),
  ];
  return `(${conditions.map((condition) => `(${condition})`).join(' && ')})`;
}

const CEL_IN = {
  ClusterRole: "object.kind == 'ClusterRole'",
  'kube-system': "object.kind == 'Role' && object.metadata.namespace == 'kube-system'",
};

function celList(values: readonly string[]): string {
  return `[${values.map(celText).join(', ')}]`;
}
