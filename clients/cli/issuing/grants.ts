import { usageFailure } from '@tvm/terminal/failure.ts';
import type { NameOption } from '../connection/name-option.ts';

/** The options by which `tvm token` says what is asked for. */
export interface GrantOptions {
  action?: string[];
  location?: string[];
  field?: string[];
  grant?: string[];
}

/**
 * The `authorization_details` that the options ask for, not yet checked: each `--grant` is an entry, or all actions on
 * all locations are a single one.
 */
export function readGrants({ action, location, field, grant }: GrantOptions): object[] {
  if (grant === undefined) {
    if (action === undefined && location === undefined && field === undefined) {
      throw usageFailure(
        'say what is asked for: --action with --location, --grant ACTION:LOCATION, or --role NAME',
        '--action',
      );
    }
    if (action === undefined) throw usageFailure('--action is missing: what is to be done there?', '--action');
    if (location === undefined) throw usageFailure('--location is missing: on what?', '--location');
    return [entry(action, location, field)];
  }
  if (action ?? location ?? field) {
    throw usageFailure('--grant cannot be mixed with --action, --location and --field', '--grant');
  }
  return grant.map(parseGrant);
}

// Neither `,` nor `#` can occur in a location; a colon can, so the first one ends the actions.
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

// The members of an entry of `authorization_details`, and the options that give them.
const PARTS: Record<string, 'action' | 'location' | 'field'> = {
  actions: 'action',
  locations: 'location',
  fields: 'field',
};

/** What a field of `authorization_details` is on the command line. */
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
