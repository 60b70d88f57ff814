import { type AuthorizationDetail, authorizationDetails } from '@tvm/contract/authorization-details.ts';
import type { Caller } from '../identity/caller.ts';
import { attributesOf } from './authorization-request.ts';
import type { PolicyBundle, RoleDefinition } from './bundle.ts';

/** A part of a role's location that is filled in for each workload. */
const PLACEHOLDER = /\{([^{}]*)\}/g;

/** A role's session is named by the caller: it fills nothing in. */
const NEVER_FILLED_IN = ['session'];

/** What a template may say, as `subject.team`; the attribute it names. */
export function placeholderAttribute(placeholder: string): string | undefined {
  const attribute = /^subject\.([A-Za-z_]\w*)$/.exec(placeholder)?.[1];
  return attribute === undefined || NEVER_FILLED_IN.includes(attribute) ? undefined : attribute;
}

/** The placeholders in a location, without their braces. */
export function placeholdersIn(location: string): string[] {
  return [...location.matchAll(PLACEHOLDER)].map(([, placeholder = '']) => placeholder);
}

export type TakenRole =
  | { kind: 'taken'; role: RoleDefinition; authorizationDetails: AuthorizationDetail[] }
  | { kind: 'unknown' }
  /** The workload lacks an attribute that the role's locations are made of, or it would make no location. */
  | { kind: 'not_fillable'; attribute: string };

/**
 * A role's grants, for one workload. Whether it may take the role, and whether it may have the grants, is still to be
 * decided.
 *
 * Templates are filled from attributes that AWS or the operator vouches for. A value is one segment or less of a
 * location: it cannot reach another part of the tree.
 */
export function takeRole(bundle: PolicyBundle, name: string, caller: Caller): TakenRole {
  const role = Object.hasOwn(bundle.roles, name) ? bundle.roles[name] : undefined;
  if (role === undefined) return { kind: 'unknown' };
  const attributes = attributesOf(bundle, caller);
  let missing: string | undefined;
  const fill = (location: string) =>
    location.replace(PLACEHOLDER, (_whole, placeholder: string) => {
      const attribute = placeholderAttribute(placeholder) ?? '';
      const value = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
      if (typeof value === 'string' && /^[A-Za-z0-9._~:@=+-]+$/.test(value)) return value;
      missing ??= attribute;
      return '';
    });
  const filled = role.authorizationDetails.map((detail) => ({
    ...detail,
    locations: [...new Set(detail.locations.map(fill))],
  }));
  if (missing !== undefined) return { kind: 'not_fillable', attribute: missing };
  // A value such as `..` makes a location that is none.
  const checked = authorizationDetails.safeParse(filled);
  if (!checked.success) return { kind: 'not_fillable', attribute: 'the attributes in its locations' };
  return { kind: 'taken', role, authorizationDetails: checked.data };
}
