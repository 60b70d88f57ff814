import * as z from 'zod';
import { type HttpAnswer, httpClient, jsonObject } from '../http/client.ts';
import { SourceFailure, type SourceKind } from '../model/source.ts';
import { bearerToken } from './bearer-token.ts';
import { refuseExpired, statedEnd } from './expiry.ts';
import { metadataFields, metadataUrl } from './metadata/metadata-server.ts';

const SERVER = 'GCP’s metadata server';

const settings = z
  .strictObject({
    service_account: z
      .string()
      .regex(/^(default|[\w.+-]{1,128}@[\w.-]{1,255})$/, {
        error: 'must be default or the email address of a service account',
      })
      .optional()
      .meta({ description: 'The email address of one of the machine’s service accounts. Default: `default`.' }),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,512}$/, { error: 'must be a scope' }))
      .min(1)
      .max(50)
      .optional()
      .meta({ description: 'The scopes of the access token. Default: the machine’s scopes.' }),
    audience: z.string().min(1).max(1_024).optional().meta({
      description: 'The audience. With it, the source fetches an identity token (a JWT) instead of an access token.',
    }),
    ...metadataFields,
  })
  .refine(({ scopes, audience }) => scopes === undefined || audience === undefined, {
    path: ['scopes'],
    error: 'must be absent if audience is given: an identity token has no scopes',
  });

const identityClaims = z.object({ exp: z.int().positive() });

/**
 * Tokens of a GCP machine's service account, from its metadata server: access tokens, or identity tokens if an audience
 * is given.
 *
 * @see https://cloud.google.com/compute/docs/access/authenticate-workloads
 * @see https://cloud.google.com/compute/docs/instances/verifying-instance-identity
 */
export const gcpServiceAccount: SourceKind<'gcp_service_account', typeof settings> = {
  type: 'gcp_service_account',
  settings,
  values: ['token'],
  create({ service_account = 'default', scopes, audience, endpoint, timeout_seconds }, { clock }) {
    const client = httpClient({ timeout_seconds }, 'metadata');
    const account = `/computeMetadata/v1/instance/service-accounts/${service_account}`;
    const server = endpoint ?? usualEndpoint(process.env);
    const url =
      audience === undefined
        ? metadataUrl(server, `${account}/token`, { scopes: scopes?.join(',') })
        : metadataUrl(server, `${account}/identity`, { audience, format: 'full' });
    return {
      async fetch(_previous, signal) {
        const fetchedAt = clock.now();
        const answer = await client.send({ method: 'GET', url, headers: { 'metadata-flavor': 'Google' } }, signal);
        // The metadata server always sends this header. A response without it comes from another server.
        if (answer.headers['metadata-flavor'] !== 'Google') {
          throw new SourceFailure(
            `a response with status ${answer.status} is not from ${SERVER}: it lacks Metadata-Flavor: Google`,
          );
        }
        if (audience !== undefined) return { ...identityTokenIn(answer), fetchedAt };
        const { access_token, expires_in } = jsonObject(answer, SERVER);
        const token = bearerToken(access_token, SERVER, 'access_token');
        const expiresAt = statedEnd(expires_in, fetchedAt, SERVER);
        refuseExpired(expiresAt, clock.now(), SERVER);
        return { values: { token }, fetchedAt, expiresAt };
      },
      async close() {
        client.close();
      },
    };
  },
};

/** Returns the default address, as in Google’s clients. @see https://cloud.google.com/compute/docs/metadata/overview */
function usualEndpoint({ GCE_METADATA_HOST: host }: NodeJS.ProcessEnv): string {
  return `http://${host || 'metadata.google.internal'}`;
}

/** Reads an identity token. The body of the response is the JWT itself. */
function identityTokenIn(answer: HttpAnswer): { values: { token: string }; expiresAt: number } {
  if (answer.status !== 200) jsonObject(answer, SERVER);
  const token = answer.body.trim();
  try {
    const [, claims = '', signature] = token.split('.');
    if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token) || signature === undefined) throw new Error('not in compact form');
    const { exp } = identityClaims.parse(JSON.parse(Buffer.from(claims, 'base64url').toString()));
    return { values: { token }, expiresAt: exp * 1_000 };
  } catch {
    throw new SourceFailure(`${SERVER} responded without an identity token`);
  }
}
