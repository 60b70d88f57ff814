import { usageFailure } from '@tvm/terminal/failure.ts';
import { rfc3339 } from '../model/clock.ts';
import { OutputFailure } from '../model/output.ts';
import type { Token } from '../model/token.ts';
import { render } from '../outputs/render.ts';
import { type ControlOptions, clientFor } from './control-options.ts';
import type { GetFormat } from './get-format.ts';

/** Prints a token. @throws {Failure} if the token is not usable now, or lacks a value that the format needs */
export async function get(name: string, options: ControlOptions & { format?: GetFormat }): Promise<void> {
  const format = options.format ?? (options.output === 'json' ? 'json' : 'raw');
  const client = await clientFor(options);
  const text = textOf(name, await client.token(name), format);
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Renders a token in this format. @throws {Failure} if the token lacks a value that the format needs */
export function textOf(name: string, token: Token, format: GetFormat): string {
  if (format === 'credential-process') return JSON.stringify(credentialProcess(name, token));
  try {
    return render({ format, file_path: 'standard output' }, name, token);
  } catch (error) {
    if (error instanceof OutputFailure) throw usageFailure(error.message, '--format');
    throw error;
  }
}

/** The output of a `credential_process`. @see docs.aws.amazon.com/sdkref, "Process credential provider" */
function credentialProcess(name: string, { values, expiresAt }: Token): object {
  const { access_key_id, secret_access_key, session_token } = values;
  if (!access_key_id || !secret_access_key) {
    throw usageFailure(`token ${name} is not an AWS credential; it has ${Object.keys(values).join(', ')}`, '--format');
  }
  return {
    Version: 1,
    AccessKeyId: access_key_id,
    SecretAccessKey: secret_access_key,
    ...(session_token && { SessionToken: session_token }),
    // Without Expiration, the SDKs treat the keys as permanent.
    ...(expiresAt !== undefined && { Expiration: rfc3339(expiresAt) }),
  };
}
