import type { Token } from '../../model/token.ts';
import { expirationTimestamp } from '../expiration-timestamp.ts';
import { Unwritable } from '../unwritable.ts';
import type { Format } from './format.ts';

/** The characters of keys from AWS and compatible servers. None of them has a special meaning in INI files. */
const KEY = /^[\w+/=.-]+$/;

/**
 * One profile of a shared credentials file. The expiry is in a comment, because AWS has no setting for it.
 *
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export const awsCredentials: Format = (token, _tokenName, { profile = 'default' }) => {
  const expires = expirationTimestamp(token);
  const lines = [
    `[${profile}]`,
    ...(expires === undefined ? [] : [`# expires ${expires}`]),
    `aws_access_key_id = ${required(token, 'access_key_id')}`,
    `aws_secret_access_key = ${required(token, 'secret_access_key')}`,
  ];
  if (Object.hasOwn(token.values, 'session_token')) {
    lines.push(`aws_session_token = ${required(token, 'session_token')}`);
  }
  return `${lines.join('\n')}\n`;
};

function required({ values }: Token, name: string): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new Unwritable(`it has no value "${name}", which the format aws-credentials needs`);
  if (!KEY.test(value)) throw new Unwritable(`its value "${name}" has characters that an AWS key cannot have`);
  return value;
}
