import { parseDuration } from '@tvm/contract/duration.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { type Command, Option } from 'commander';
import { type NameOption, namedBy } from '../connection/name-option.ts';
import { type GrantOptions, nameGrantOption, readGrants } from './grants.ts';

/** The options of `tvm token` and `tvm explain` that describe a token request. */
export interface RequestOptions extends GrantOptions {
  role?: string;
  partial?: boolean;
  audience?: string;
  resource?: string;
  duration?: string;
  reason?: string;
  task?: string;
}

/** Adds the options that describe a token request. */
export function addRequestOptions(command: Command): Command {
  return command
    .option('--action <action...>', 'actions to permit on each location, such as read and write')
    .option('--location <location...>', 'resources, such as orders-db/orders, or orders-db/* for a subtree')
    .addOption(new Option('--field <field...>', 'fields of the resources').default(undefined, 'all'))
    .option('--grant <grant...>', 'instead of the three above: ACTION[,ACTION]:LOCATION[#FIELD[,FIELD]]')
    .addOption(
      new Option('--role <name>', 'role to assume, instead of the four above').conflicts([
        'action',
        'location',
        'field',
        'grant',
      ]),
    )
    .option('--partial', 'accept the allowed part of the request instead of all or nothing')
    .option('--audience <name>', 'resource server that will receive the token')
    .addOption(
      new Option('--resource <uri>', 'resource server as an absolute URI, instead of --audience').conflicts('audience'),
    )
    .addOption(
      new Option('--duration <duration>', 'lifetime in seconds, or a duration such as 15m').default(
        undefined,
        'configured by the service',
      ),
    )
    .option('--reason <text>', 'reason for the audit log')
    .option('--task <id>', 'task of the token; tvm done --task revokes its tokens');
}

/** Builds a token request from the options. The request is not yet validated. */
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

/**
 * Maps the fields of a token request to these options.
 *
 * @param others the options of additional fields, by field name
 */
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
