import { type Mapping, mapping, mappings, texts } from '../model/values.ts';
import { celText } from './fields.ts';
import type { KubernetesObject } from './objects.ts';

const BOOTSTRAPPING = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

/**
 * The labels of the predefined roles of every cluster. `admin` and `edit` get their rules from roles with these labels.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles
 */
const LABELS: Record<string, Record<string, string>> = {
  'cluster-admin': BOOTSTRAPPING,
  admin: { ...BOOTSTRAPPING, 'rbac.authorization.k8s.io/aggregate-to-admin': 'true' },
  edit: { ...BOOTSTRAPPING, 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' },
};

/** Returns the selectors of an aggregated role, each with the predefined roles that it selects. */
export function aggregations({ kind, value }: KubernetesObject): { selector: Mapping; roles: string[] }[] {
  if (kind !== 'ClusterRole') return [];
  return mappings(mapping(value.aggregationRule).clusterRoleSelectors).map((selector) => ({
    selector,
    roles: Object.keys(LABELS).filter((role) => selects(selector, LABELS[role] ?? {})),
  }));
}

function selects(selector: Mapping, labels: Record<string, string>): boolean {
  const labelOf = (key: unknown) => (Object.hasOwn(labels, String(key)) ? labels[String(key)] : undefined);
  return (
    Object.entries(mapping(selector.matchLabels)).every(([key, value]) => labelOf(key) === String(value)) &&
    mappings(selector.matchExpressions).every(({ key, operator, values }) => {
      const value = labelOf(key);
      if (operator === 'In') return value !== undefined && texts(values).includes(value);
      if (operator === 'NotIn') return value === undefined || !texts(values).includes(value);
      return operator === 'Exists' ? value !== undefined : value === undefined;
    })
  );
}

/** Returns a CEL expression that is true if no selector selects one of the predefined roles. */
export function celNoAggregation(roles: readonly string[]): string {
  const selected = roles.map((role) => `(${celSelects(LABELS[role] ?? {})})`).join(' || ');
  return (
    '(!has(object.aggregationRule) || !has(object.aggregationRule.clusterRoleSelectors) || ' +
    `!object.aggregationRule.clusterRoleSelectors.exists(s, ${selected}))`
  );
}

function celSelects(labels: Record<string, string>): string {
  const keys = Object.keys(labels);
  const isLabel = (key: string, values: (value: string) => string) =>
    keys.map((label) => `(${key} == ${celText(label)} && ${values(celText(labels[label] ?? ''))})`).join(' || ');
  const isKnown = `e.key in [${keys.map(celText).join(', ')}]`;
  const hasValue = `(has(e.values) && (${isLabel('e.key', (value) => `${value} in e.values`)}))`;
  return (
    `(!has(s.matchLabels) || s.matchLabels.all(k, ${isLabel('k', (value) => `s.matchLabels[k] == ${value}`)})) && ` +
    `(!has(s.matchExpressions) || s.matchExpressions.all(e, e.operator == 'In' ? ${hasValue} : ` +
    `e.operator == 'NotIn' ? !${hasValue} : e.operator == 'Exists' ? ${isKnown} : !(${isKnown})))`
  );
}
