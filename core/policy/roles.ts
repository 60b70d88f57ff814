import { type AuthorizationDetail, authorizationDetails } from '@tvm/contract/authorization-details.ts';
import { attributesBySource } from '../identity/attributes.ts';
import type { Caller } from '../identity/caller.ts';
import type { PolicyBundle, RoleDefinition } from './bundle.ts';

/** A placeholder in a role's location. Each workload's own attribute replaces it. */
const PLACEHOLDER = /\{([^{}]*)\}/g;

/** The caller chooses the name of its role session, so the session must never fill a placeholder. */
const NEVER_FILLED_IN = ['session'];

/** The value that a placeholder stands for: an attribute of the workload, or a claim that its issuer vouches for. */
export interface Placeholder {
  of: 'subject' | 'claims';
  name: string;
}

/** Parses a placeholder such as `subject.team` or `claims.repository_id`. Returns `undefined` if it is not allowed. */
export function parsePlaceholder(placeholder: string): Placeholder | undefined {
  const [, of, name = ''] = /^(subject|claims)\.([A-Za-z_]\w*)$/.exec(placeholder) ?? [];
  if (of === undefined || (of === 'subject' && NEVER_FILLED_IN.includes(name))) return undefined;
  return { of: of as Placeholder['of'], name };
}

/** The placeholders in a location, without their braces. */
export function placeholdersIn(location: string): string[] {
  return [...location.matchAll(PLACEHOLDER)].map(([, placeholder = '']) => placeholder);
}

export type AssumedRole =
  | { kind: 'assumed'; role: RoleDefinition; authorizationDetails: AuthorizationDetail[] }
  | { kind: 'unknown' }
  /** The workload lacks an attribute that the role's locations need, or its value gives an invalid location. */
  | { kind: 'not_fillable'; attribute: string };

/**
 * Fills in a role's grants for one workload. Policies must still decide whether the workload may assume the role and
 * whether each grant is allowed.
 *
 * Only what AWS, the operator or the issuer vouches for fills placeholders. A value is at most one segment of a location,
 * so it cannot reach another part of the tree.
 */
export function assumeRole(bundle: PolicyBundle, name: string, caller: Caller): AssumedRole {
  const role = Object.hasOwn(bundle.roles, name) ? bundle.roles[name] : undefined;
  if (role === undefined) return { kind: 'unknown' };
  const { operator, aws, claims = {} } = attributesBySource(bundle, caller);
  const sources = { subject: { ...operator, ...aws }, claims };
  let missing: string | undefined;
  const fill = (location: string) =>
    location.replace(PLACEHOLDER, (_whole, placeholder: string) => {
      const { of = 'subject', name = '' } = parsePlaceholder(placeholder) ?? {};
      const value = Object.hasOwn(sources[of], name) ? sources[of][name] : undefined;
      if (typeof value === 'string' && /^[A-Za-z0-9._~:@=+-]+$/.test(value)) return value;
      missing ??= of === 'subject' ? name : placeholder;
      return '';
    });
  const filled = role.authorizationDetails.map((detail) => ({
    ...detail,
    locations: [...new Set(detail.locations.map(fill))],
  }));
  if (missing !== undefined) return { kind: 'not_fillable', attribute: missing };
  // A value such as `..` gives an invalid location.
  const checked = authorizationDetails.safeParse(filled);
  if (!checked.success) return { kind: 'not_fillable', attribute: 'the attributes in its locations' };
  return { kind: 'assumed', role, authorizationDetails: checked.data };
}
