import { callerUid } from './caller-uid.ts';
import {
  type Answer,
  type EndpointRequest,
  notFound,
  oauthError,
  type Protocol,
  Refusal,
  requireMethod,
} from './exchange.ts';
import { type Lookup, secondsUntil, usableBearer } from './usable-token.ts';

const ROOT = '/computeMetadata/v1';

/** The scope of VM tokens (cloud.google.com/compute/docs/access/service-accounts, "Scopes best practice"). */
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

export interface GcpMetadataSettings {
  token: string;
  /** The name of the identity token for each audience. */
  identity_tokens?: Readonly<Record<string, string>> | undefined;
  user_ids: readonly number[];
  project_id?: string | undefined;
  email?: string | undefined;
}

/**
 * Serves the part of Google Cloud's metadata server that its libraries use. `GCE_METADATA_HOST` and `GCE_METADATA_IP`
 * are `127.0.0.1:PORT` (cloud.google.com/compute/docs/metadata/querying-metadata;
 * cloud.google.com/compute/docs/access/authenticate-workloads for the token;
 * cloud.google.com/compute/docs/instances/verifying-instance-identity for identity tokens). Its clients cannot send a
 * secret, so it serves only processes of configured users.
 *
 * @param uidOf returns the user who opened a connection
 */
export function gcpMetadataProtocol(lookup: Lookup, settings: GcpMetadataSettings, uidOf = callerUid): Protocol {
  const answers = answersOf(lookup, settings);
  return {
    name: 'gcp-metadata',
    headers: { 'metadata-flavor': 'Google' },
    async answer(request) {
      const uid = await uidOf(request.connection);
      if (uid === undefined || !settings.user_ids.includes(uid)) {
        throw new Refusal(403, 'forbidden', 'this user may not use this endpoint', {
          details: { uid: uid ?? 'unknown' },
        });
      }
      if (request.header('metadata-flavor') !== 'Google') {
        throw new Refusal(403, 'forbidden', 'requests must have the header Metadata-Flavor: Google');
      }
      const answer = answers.get(request.path) ?? answers.get(`${request.path}/`);
      if (answer === undefined) throw notFound();
      requireMethod(request, 'GET');
      return answer(request);
    },
    wordError: oauthError,
  };
}

/** Returns the handler for each path. Some clients omit the trailing slash of a folder. */
function answersOf(lookup: Lookup, settings: GcpMetadataSettings): Map<string, (request: EndpointRequest) => Answer> {
  const { token, identity_tokens = {}, project_id: project, email = 'default' } = settings;
  const identities = new Map(Object.entries(identity_tokens));
  const account = { aliases: ['default'], email, scopes: [SCOPE] };
  const accounts = [...new Set(['default', email])];
  const folder = (...entries: string[]) => text(entries.map((entry) => `${entry}\n`).join(''));
  const answers = new Map([
    ['/', () => folder('computeMetadata/')],
    [`${ROOT}/`, () => folder('instance/', 'project/')],
    [`${ROOT}/instance/`, () => folder('service-accounts/')],
    [`${ROOT}/instance/service-accounts/`, () => folder(...accounts.map((name) => `${name}/`))],
  ] as [string, (request: EndpointRequest) => Answer][]);
  if (project !== undefined) answers.set(`${ROOT}/project/project-id`, () => text(project));
  for (const name of accounts) {
    const at = `${ROOT}/instance/service-accounts/${name}`;
    answers.set(`${at}/`, ({ query }) =>
      query.get('recursive')?.toLowerCase() === 'true'
        ? { body: account }
        : folder('aliases', 'email', ...(identities.size > 0 ? ['identity'] : []), 'scopes', 'token'),
    );
    answers.set(`${at}/aliases`, () => text('default'));
    answers.set(`${at}/email`, () => text(email));
    answers.set(`${at}/scopes`, () => text(`${SCOPE}\n`));
    answers.set(`${at}/token`, () => tokenAnswer(lookup, token));
    if (identities.size > 0) answers.set(`${at}/identity`, (request) => identityAnswer(request, lookup, identities));
  }
  return answers;
}

function tokenAnswer(lookup: Lookup, name: string): Answer {
  const { bearer, expiresAt } = usableBearer(lookup, name);
  const left = secondsUntil(expiresAt, lookup.clock);
  return { body: { access_token: bearer, expires_in: left, token_type: 'Bearer' } };
}

/** The body is the identity token itself. The parameters `format` and `licenses` would only add claims. */
function identityAnswer({ query }: EndpointRequest, lookup: Lookup, names: ReadonlyMap<string, string>): Answer {
  const audience = query.get('audience');
  if (!audience) throw new Refusal(400, 'invalid_request', 'the parameter audience must not be empty');
  const name = names.get(audience);
  if (name === undefined)
    throw new Refusal(404, 'invalid_target', 'this endpoint has no identity token for that audience');
  return { headers: { 'content-type': 'text/html' }, body: usableBearer(lookup, name).bearer };
}

/** Returns a plain text response. The metadata server sends it as `application/text`. */
function text(body: string): Answer {
  return { headers: { 'content-type': 'application/text' }, body };
}
