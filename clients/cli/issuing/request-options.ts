import { parseDuration } from '@tvm/contract/duration.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { type Command, Option } from 'commander';
import { type NameOption, namedBy } from '../connection/name-option.ts';
import { type GrantOptions, nameGrantOption, readGrants } from './grants.ts';

/** The options by which `tvm token` and `tvm explain` say what is asked for. */
export interface RequestOptions extends GrantOptions {
  role?: string;
  partial?: boolean;
  audience?: string;
  resource?: string;
  duration?: string;
  reason?: string;
  task?: string;
}

/** Adds the options that say what is asked for. */
export function addRequestOptions(command: Command): Command {
  return command
    .option('--action <action...>', 'what to do, on every --location: read, write')
    .option('--location <location...>', 'on what: orders-db/orders, or orders-db/* for all below')
    .option('--field <field...>', 'only these fields of the locations (without it: all)')
    .option('--grant <grant...>', 'instead of these three, an entry each: ACTION[,ACTION]:LOCATION[#FIELD[,FIELD]]')
    .addOption(
      new Option('--role <name>', 'instead of all these: a role, with the grants it has').conflicts([
        'action',
        'location',
        'field',
        'grant',
      ]),
    )
    .option('--partial', 'take what policy allows of it, instead of all or nothing')
    .option('--audience <name>', 'who will receive the token: the name of a resource server')
    .addOption(new Option('--resource <uri>', 'the same as an absolute URI').conflicts('audience'))
    .option('--duration <duration>', 'lifetime: 15m, 1h, or seconds such as 900 (without it: as configured)')
    .option('--reason <text>', 'why, for the audit')
    .option('--task <id>', 'the task that it is for: tvm done --task takes its tokens back');
}

/** The request that the options make, not yet checked. */
export function readRequest(options: RequestOptions): object {
  const { role, partial, audience, resource, duration, reason, task } = options;
  return {
    ...(role === undefined ? { authorization_details: readGrants(options) } : { scope: `role:${role}` }),
    ...(partial && { grant: 'partial' }),
    audience,
    resource,
    expires_in: readDuration(duration),
    reason,
    task,
  };
}

function readDuration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds === undefined) {
    throw usageFailure(
      `--duration ${JSON.stringify(text)} must be a duration such as 15m, 1h or 900 (seconds)`,
      '--duration',
    );
  }
  return seconds;
}

/** What a request's field is among these options. @param others the fields of other options, by name */
export function nameRequestOption(options: GrantOptions, others: Record<string, string> = {}): NameOption {
  const ofGrant = nameGrantOption(options);
  const ofOthers = namedBy({
    scope: '--role',
    grant: '--partial',
    audience: '--audience',
    resource: '--resource',
    expires_in: '--duration',
    reason: '--reason',
    task: '--task',
    ...others,
  });
  return (path) => (path[0] === 'authorization_details' ? ofGrant(path) : ofOthers(path));
}
