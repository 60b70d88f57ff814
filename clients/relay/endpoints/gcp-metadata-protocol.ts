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

/** What tokens of virtual machines have (cloud.google.com/compute/docs/access/service-accounts, "Scopes best practice"). */
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

export interface GcpMetadataSettings {
  token: string;
  user_ids: readonly number[];
  project_id?: string | undefined;
  email?: string | undefined;
}

/**
 * As much of the metadata server of Google Cloud as its libraries ask for: `GCE_METADATA_HOST` and `GCE_METADATA_IP` are
 * `127.0.0.1:PORT` (cloud.google.com/compute/docs/metadata/querying-metadata;
 * cloud.google.com/compute/docs/access/authenticate-workloads for the token). As its clients can send no secret, it
 * answers the processes of some users alone.
 *
 * @param uidOf finds the user who opened a connection
 */
export function gcpMetadataProtocol(lookup: Lookup, settings: GcpMetadataSettings, uidOf = callerUid): Protocol {
  const answers = answersOf(lookup, settings);
  return {
    name: 'gcp-metadata',
    headers: { 'metadata-flavor': 'Google' },
    async answer(request) {
      const uid = await uidOf(request.connection);
      if (uid === undefined || !settings.user_ids.includes(uid)) {
        throw new Refusal(403, 'forbidden', 'this user is not answered here', { details: { uid: uid ?? 'unknown' } });
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

/** What is answered under each path; the clients of some languages leave the slash at the end of a folder out. */
function answersOf(lookup: Lookup, settings: GcpMetadataSettings): Map<string, (request: EndpointRequest) => Answer> {
  const { token, project_id: project, email = 'default' } = settings;
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
        : folder('aliases', 'email', 'scopes', 'token'),
    );
    answers.set(`${at}/aliases`, () => text('default'));
    answers.set(`${at}/email`, () => text(email));
    answers.set(`${at}/scopes`, () => text(`${SCOPE}\n`));
    answers.set(`${at}/token`, () => tokenAnswer(lookup, token));
  }
  return answers;
}

function tokenAnswer(lookup: Lookup, name: string): Answer {
  const { bearer, expiresAt } = usableBearer(lookup, name);
  const left = secondsUntil(expiresAt, lookup.clock);
  return { body: { access_token: bearer, expires_in: left, token_type: 'Bearer' } };
}

/** Plain text is `application/text` there. */
function text(body: string): Answer {
  return { headers: { 'content-type': 'application/text' }, body };
}
