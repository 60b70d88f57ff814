import type { Token } from '../../model/token.ts';
import { expirationTimestamp } from '../expiration-timestamp.ts';
import { Unwritable } from '../unwritable.ts';
import type { Format } from './format.ts';

/** What AWS, and servers that speak its protocols, make keys of. No reader of INI files sees anything else in them. */
const KEY = /^[\w+/=.-]+$/;

/**
 * One profile of a shared credentials file, and when it ends as a comment: AWS has no setting for that.
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
  if (!KEY.test(value)) throw new Unwritable(`its value "${name}" has characters that no key of AWS has`);
  return value;
}
