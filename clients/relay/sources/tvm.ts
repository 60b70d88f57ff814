import { isRegionName } from '@tvm/api/region.ts';
import { consistent, requestParameters, tokenClaims } from '@tvm/contract/token.ts';
import type { StatusListReference } from '@tvm/verifier/status-lists.ts';
import * as z from 'zod';
import { SourceFailure, type SourceKind } from '../model/source.ts';
import { isIssuerUrl } from '../settings/fields.ts';
import { type Transport, transportFields } from '../settings/transport.ts';
import { unlessGivenUp } from '../tvm/client.ts';
import { shareTvmClient } from '../tvm/shared-clients.ts';

const settings = consistent(
  z.strictObject({
    endpoint: z
      .string({ error: 'must be a URL' })
      .refine((text) => isIssuerUrl(text) && !URL.parse(text)?.search, {
        error: 'must be a URL such as https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1; http only on loopback',
      })
      .meta({ description: 'The URL of TVM, with its stage.' }),
    region: z
      .string()
      .refine(isRegionName, { error: 'must be the name of an AWS region, such as eu-central-1' })
      .optional()
      .meta({
        description:
          'The AWS region of TVM. Default: the region in the URL, AWS_REGION, AWS_DEFAULT_REGION, or the profile’s.',
      }),
    profile: z.string().min(1).optional().meta({
      description: 'The AWS profile whose credentials sign the requests. Default: the AWS credential chain.',
    }),
    ...requestParameters,
    ...transportFields,
  }),
);

const claimsOfPlace = tokenClaims.pick({ iss: true, status: true });

/**
 * Tokens from a Token Vending TvmClient: `POST /token`, signed with SigV4 and the AWS credential chain. Its status lists
 * tell whether a token was revoked.
 */
export const tvm: SourceKind<'tvm', typeof settings> = {
  type: 'tvm',
  settings,
  values: ['token'],
  create({ endpoint, region, profile, ...given }, { token, clock, log, secret }) {
    const [transport, wanted] = split(given);
    const { client, release } = shareTvmClient({ endpoint, region, profile, ...transport }, clock, secret);
    return {
      async fetch(_previous, signal) {
        const request = { grant_type: 'client_credentials', ...wanted };
        const { answer, requestedAt } = await client.vend(request, signal);
        // The token id appears in the logs and the audit of TVM too.
        log.debug({ token, token_id: answer.token_id }, 'TVM issued a token');
        return {
          values: { token: answer.access_token },
          fetchedAt: requestedAt,
          expiresAt: requestedAt + answer.expires_in * 1_000,
        };
      },
      // Throws if the status is unknown, and the agent checks again later. Only a revoked token is withdrawn: an outage
      // of TVM must not take down the programs that use its tokens.
      revocation: async ({ values }, signal) => unlessGivenUp(client.lists.check(referenceOf(values.token)), signal),
      async close() {
        release();
      },
    };
  },
};

/** Separates the settings of the connection from the requested token. */
function split<Given extends Transport>(given: Given): [Transport, Omit<Given, keyof Transport>] {
  const isOfTransport = ([name]: [string, unknown]) => Object.hasOwn(transportFields, name);
  const entries = Object.entries(given);
  const wanted = Object.fromEntries(entries.filter((entry) => !isOfTransport(entry)));
  return [Object.fromEntries(entries.filter(isOfTransport)), wanted as Omit<Given, keyof Transport>];
}

/** Returns the status list and the index of a token. TVM itself sent the token, so its signature is not verified. */
function referenceOf(token = ''): StatusListReference {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { iss, status } = claimsOfPlace.parse(claims);
    return { issuer: iss, uri: status.status_list.uri, index: status.status_list.idx };
  } catch {
    throw new SourceFailure('the revocation status is unknown: the token does not refer to a status list');
  }
}
