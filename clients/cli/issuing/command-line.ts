import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { writeDuration } from '@tvm/contract/duration.ts';
import type { RequestParameters } from '@tvm/contract/token.ts';

/** Writes the `tvm token` or `tvm explain` command for a request, quoted for a shell. */
export function commandLine(
  command: 'token' | 'explain',
  {
    authorization_details: details = [],
    scope,
    grant,
    audience,
    resource,
    expires_in,
    reason,
    task,
  }: RequestParameters,
): string {
  const option = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  return [
    'tvm',
    command,
    ...option('--role', scope?.replace(/^role:/, '')),
    ...grantOptions(details),
    ...(grant === 'partial' ? ['--partial'] : []),
    ...option('--audience', audience),
    ...option('--resource', resource),
    ...option('--duration', expires_in === undefined ? undefined : writeDuration(expires_in)),
    ...option('--reason', reason),
    ...option('--task', task),
  ]
    .map(quoted)
    .join(' ');
}

function grantOptions(details: readonly AuthorizationDetail[]): string[] {
  const [only, ...more] = details;
  if (only !== undefined && more.length === 0) {
    const { actions, locations, fields } = only;
    return [
      '--action',
      ...actions,
      '--location',
      ...locations,
      ...(fields === undefined ? [] : ['--field', ...fields]),
    ];
  }
  return details.flatMap(({ actions, locations, fields }) => {
    const end = fields === undefined ? '' : `#${fields.join()}`;
    return locations.flatMap((location) => ['--grant', `${actions.join()}:${location}${end}`]);
  });
}

/** Quotes a word for a POSIX shell. */
function quoted(word: string): string {
  return /^[\w.,:/=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
