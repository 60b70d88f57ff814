import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import type { Obligations } from '@tvm/contract/token.ts';

/** Describes grants, one per line, such as `read orders-db/orders (fields id, status)`. */
export function describeGrants(details: readonly AuthorizationDetail[]): string[] {
  return details.flatMap(({ actions, locations, fields }) =>
    locations.map((location) => {
      const only = fields === undefined ? '' : ` (fields ${fields.join(', ')})`;
      return `${actions.join(', ')} ${location}${only}`;
    }),
  );
}

/** Describes obligations, one per line, such as `only from office`. */
export function describeObligations({ networks = [], windows = [], single_use }: Obligations): string[] {
  return [
    ...networks.map((name) => `only from ${name}`),
    ...windows.map((name) => `only during ${name}`),
    ...(single_use ? ['once'] : []),
  ];
}
