import { usageFailure } from '@tvm/terminal/failure.ts';
import type { NameOption } from '../connection/name-option.ts';

/** The options of `tvm token` that describe the requested grants. */
export interface GrantOptions {
  action?: string[];
  location?: string[];
  field?: string[];
  grant?: string[];
}

/**
 * Builds `authorization_details` from the options. Each `--grant` makes one entry; `--action` and `--location` together
 * make a single entry. The entries are not yet validated.
 */
export function readGrants({ action, location, field, grant }: GrantOptions): object[] {
  if (grant === undefined) {
    if (action === undefined && location === undefined && field === undefined) {
      throw usageFailure(
        'nothing is requested: give --action with --location, --grant ACTION:LOCATION, or --role NAME',
        '--action',
      );
    }
    if (action === undefined) throw usageFailure('--action is missing: give read, write or both', '--action');
    if (location === undefined)
      throw usageFailure('--location is missing: give a resource such as orders-db/orders', '--location');
    return [entry(action, location, field)];
  }
  if (action ?? location ?? field) {
    throw usageFailure('--grant cannot be combined with --action, --location and --field', '--grant');
  }
  return grant.map(parseGrant);
}

// A location cannot contain `,` or `#`. It can contain a colon, so the first colon ends the list of actions.
function parseGrant(grant: string): object {
  const [, actions, location, fields] = /^([^:]+):([^#]+)(?:#(.+))?$/.exec(grant) ?? [];
  if (actions === undefined || location === undefined) {
    throw usageFailure(
      `--grant ${JSON.stringify(grant)} must be ACTION:LOCATION, as in read:orders-db/orders`,
      '--grant',
    );
  }
  return entry(actions.split(','), [location], fields?.split(','));
}

function entry(actions: string[], locations: string[], fields: string[] | undefined): object {
  return { type: 'resource', locations, actions, ...(fields && { fields }) };
}

// The options for the members of an `authorization_details` entry.
const PARTS: Record<string, 'action' | 'location' | 'field'> = {
  actions: 'action',
  locations: 'location',
  fields: 'field',
};

/** Maps the fields of `authorization_details` to options. */
export function nameGrantOption(options: GrantOptions): NameOption {
  return ([, entry, part, position]) => {
    const what = PARTS[String(part)];
    if (options.grant !== undefined) {
      const label = withValue('--grant', options.grant[Number(entry)]);
      return { option: '--grant', label: what && position !== undefined ? `${label}: the ${what}` : label };
    }
    if (what === undefined) return { option: '--location', label: '--action and --location' };
    return { option: `--${what}`, label: withValue(`--${what}`, options[what]?.[Number(position)]) };
  };
}

function withValue(option: string, value: string | undefined): string {
  return value === undefined ? option : `${option} ${JSON.stringify(value)}`;
}
