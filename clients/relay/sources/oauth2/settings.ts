import * as z from 'zod';
import { issuerUrl } from '../../settings/fields.ts';
import { secretFields } from '../../settings/secret-reference.ts';
import { transportFields } from '../../settings/transport.ts';

/** Request parameters that this source sets itself. */
const RESERVED = [
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'scope',
  'audience',
  'resource',
];

/** Reports whether a program cannot use tokens of this type without a key (RFC 9449; RFC 9200; RFC 6749, section 7.1). */
export function isBoundToKey(type: string): boolean {
  return ['dpop', 'pop', 'mac'].includes(type.toLowerCase());
}

const text = z.string().min(1);

const SECRET_MISSING =
  'is missing: the client authenticates with client_secret_path, client_secret, private_key_path or private_key';

export const clientCredentialsSettings = z
  .strictObject({
    endpoint: issuerUrl.meta({ description: 'The token endpoint of the issuer.' }),
    client_id: text.meta({ description: 'The client id at the issuer.' }),
    ...secretFields('client_secret', 'The client’s secret'),
    ...secretFields('private_key', 'The client’s private key, PEM or JWK, for `private_key_jwt`'),
    authentication: z
      .enum(['client_secret_post', 'client_secret_basic', 'private_key_jwt'], {
        error: 'must be client_secret_post, client_secret_basic or private_key_jwt',
      })
      .optional()
      .meta({
        description:
          'How the client authenticates: with its secret in the body or in a header, or with a signed JWT. Default: ' +
          '`private_key_jwt` with a private key, else `client_secret_post`.',
      }),
    key_id: text.optional().meta({ description: 'The key id (`kid`) of the private key at the issuer.' }),
    assertion_audience: text.optional().meta({
      description:
        'For `private_key_jwt`: the audience of the JWT. Default: the endpoint. Some issuers require their issuer URL.',
    }),
    scope: text.optional().meta({ description: 'The scopes to request, separated by spaces.' }),
    audience: text.optional().meta({ description: 'The audience to request, if the issuer supports this parameter.' }),
    resource: z
      .union([text, z.array(text).min(1)])
      .optional()
      .meta({ description: 'The resource or resources that the token is for (RFC 8707).' }),
    token_types: z
      .array(
        z
          .string()
          .regex(/^[\x21-\x7e]{1,64}$/, { error: 'must be a token type, such as JWT' })
          .refine((type) => !isBoundToKey(type), {
            error: 'must be a type that is used like a bearer token: this one also needs a key',
          }),
      )
      .min(1)
      .max(20)
      .optional()
      .meta({
        description:
          'The types (`token_type`) of tokens to accept besides Bearer and Apigee’s BearerToken, such as JWT, if the ' +
          'issuer’s tokens are used like bearer tokens.',
      }),
    parameters: z
      .record(
        z.string().refine((name) => !RESERVED.includes(name), {
          error: 'must not be a parameter that this source sets itself',
        }),
        z.string(),
      )
      .optional()
      .meta({
        description: 'Additional parameters for the issuer. Not for secrets, since they are in plain text here.',
      }),
    ...transportFields,
  })
  .superRefine((settings, { addIssue }) => {
    const { authentication, client_secret, client_secret_path, private_key, private_key_path } = settings;
    const hasSecret = client_secret !== undefined || client_secret_path !== undefined;
    const hasKey = private_key !== undefined || private_key_path !== undefined;
    const byKey = authentication === undefined ? hasKey : authentication === 'private_key_jwt';
    const missing = byKey ? !hasKey && 'private_key_path' : !hasSecret && 'client_secret_path';
    if (missing) {
      addIssue({ code: 'custom', path: [missing], message: SECRET_MISSING });
    }
    const unused = byKey ? hasSecret && 'client_secret' : hasKey && 'private_key';
    if (unused) {
      const path = settings[unused] === undefined ? `${unused}_path` : unused;
      addIssue({
        code: 'custom',
        path: [path],
        message: 'must be removed: this authentication method does not use it',
      });
    }
  });
export type ClientCredentialsSettings = z.infer<typeof clientCredentialsSettings>;
