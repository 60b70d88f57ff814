import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noPythonClients, type Ran, runAwsCli, runCommand, runPython } from '../../relay/support/python-clients.ts';
import { httpListener } from '../../support/http-listener.ts';
import { placeOf } from '../../unit/clients/relay/endpoints/ask.ts';
import { awsToken, bearerToken, FakeClock } from '../../unit/clients/relay/endpoints/fake-tokens.ts';
import { Endpoints } from '../../unit/clients/relay/endpoints/open-endpoints.ts';
import { languages } from './cloud-clients.ts';

// Unmodified cloud SDKs, each with no other variables than those that the table of docs/how-to/tokenrelay.md lists.

const digest = (value: string) => createHash('sha256').update(value).digest('hex');
const AUDIENCE = 'https://orders.example.com';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const RESOURCE = 'https://vault.azure.net/.default';

const AWS = ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
const AZURE = ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'];
const AZURE_2017 = ['MSI_ENDPOINT', 'MSI_SECRET'];
const GOOGLE = ['GCE_METADATA_HOST'];
const GOOGLE_PYTHON = ['GCE_METADATA_HOST', 'GCE_METADATA_IP'];

const jwt = [{ alg: 'RS256' }, { aud: AUDIENCE, exp: Math.floor(Date.now() / 1_000) + 3_600 }]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .concat('c2ln')
  .join('.');
const keys = (mark: string) => [`AKIA${mark}`, `secret-${mark}`, `session-${mark}`].map(digest);
const EXPECTED = {
  aws: keys('1'),
  google: [digest('of-google')],
  identity: [digest(jwt)],
  azure: [digest('of-vault')],
};

type Run = (env: NodeJS.ProcessEnv) => Promise<Ran>;
const python =
  (script: string, ...args: string[]): Run =>
  (env) =>
    runPython(script, env, { args });
const inLanguage =
  (language: keyof typeof languages, client: string, target = ''): Run =>
  (env) => {
    const [file, ...args] = languages[language].command(client, target);
    return runCommand(file, args, env);
  };

/** A client: its row in the table, and how it runs. `read` returns the digests in its output. */
interface Client {
  row: string;
  variables: string[];
  language: 'python' | keyof typeof languages;
  run: Run;
  expected: string[];
  read?: (output: string) => unknown;
}

const clients: Client[] = [
  {
    row: 'AWS CLI 1',
    variables: AWS,
    language: 'python',
    run: (env) => runAwsCli(['sts', 'get-caller-identity', '--region', 'us-east-1', '--endpoint-url', server], env),
    expected: ['AKIA1', digest('session-1')],
    read: (output) => JSON.parse(output).Arn.split(' '),
  },
  {
    row: 'boto3 (Python)',
    variables: AWS,
    language: 'python',
    run: python('ask-boto3.py'),
    expected: EXPECTED.aws,
    read: (output) => JSON.parse(output).digests,
  },
  {
    row: 'AWS SDK for JavaScript 3',
    variables: AWS,
    language: 'node',
    run: inLanguage('node', 'aws'),
    expected: EXPECTED.aws,
  },
  { row: 'AWS SDK for Go 2', variables: AWS, language: 'go', run: inLanguage('go', 'aws'), expected: EXPECTED.aws },
  {
    row: 'AWS SDK for Java 2',
    variables: AWS,
    language: 'java',
    run: inLanguage('java', 'aws'),
    expected: EXPECTED.aws,
  },
  {
    row: 'google-auth (Python)',
    variables: GOOGLE_PYTHON,
    language: 'python',
    run: python('ask-google-auth.py'),
    expected: EXPECTED.google,
    read: (output) => [JSON.parse(output).digest],
  },
  {
    row: 'google-auth (Python), identity tokens',
    variables: GOOGLE_PYTHON,
    language: 'python',
    run: python('ask-google-identity.py', AUDIENCE),
    expected: EXPECTED.identity,
  },
  {
    row: 'google-auth (Python), `compute_engine.Credentials`',
    variables: GOOGLE,
    language: 'python',
    run: python('ask-google-compute.py'),
    expected: EXPECTED.google,
  },
  {
    row: 'google-cloud-storage (Python)',
    variables: GOOGLE_PYTHON,
    language: 'python',
    run: (env) => runPython('ask-google-storage.py', env, { args: [server] }),
    expected: ['an-object'],
  },
  {
    row: 'google-auth-library (Node.js)',
    variables: GOOGLE,
    language: 'node',
    run: inLanguage('node', 'google', SCOPE),
    expected: EXPECTED.google,
  },
  {
    row: 'google-auth-library (Node.js), identity tokens',
    variables: GOOGLE,
    language: 'node',
    run: inLanguage('node', 'google-identity', AUDIENCE),
    expected: EXPECTED.identity,
  },
  {
    row: 'cloud.google.com/go/auth (Go)',
    variables: GOOGLE,
    language: 'go',
    run: inLanguage('go', 'google', SCOPE),
    expected: EXPECTED.google,
  },
  {
    row: 'cloud.google.com/go/auth (Go), identity tokens',
    variables: GOOGLE,
    language: 'go',
    run: inLanguage('go', 'google-identity', AUDIENCE),
    expected: EXPECTED.identity,
  },
  ...(
    [
      ['azure-identity (Python)', 'python'],
      ['@azure/identity (Node.js)', 'node'],
      ['azidentity (Go)', 'go'],
    ] as const
  ).flatMap(([row, language]) =>
    [AZURE, AZURE_2017].map(
      (variables): Client => ({
        row,
        variables,
        language,
        run:
          language === 'python' ? python('ask-azure-identity.py', RESOURCE) : inLanguage(language, 'azure', RESOURCE),
        expected: EXPECTED.azure,
        ...(language === 'python' && { read: (output: string) => [JSON.parse(output)[0][0]] }),
      }),
    ),
  ),
];

let endpoints: Endpoints;
let values: Record<string, string>;
/** The address of a server like Google Cloud Storage, which accepts only the token, and like STS, which returns the keys. */
let server: string;
let close: () => Promise<void>;

beforeAll(async () => {
  endpoints = await Endpoints.create(new FakeClock(Date.now()));
  const { tokens, clock } = endpoints;
  tokens.set('aws', awsToken(clock, '1', 3_600));
  tokens.set('google', bearerToken(clock, 'of-google', 3_600));
  tokens.set('identity', bearerToken(clock, jwt, 3_600));
  tokens.set('vault', bearerToken(clock, 'of-vault', 3_600));
  const listen = '127.0.0.1:0';
  const aws = await endpoints.start({
    protocol: 'aws-container-credentials',
    listen,
    authorization_file: { path: endpoints.file('aws') },
  });
  const azure = await endpoints.start({
    protocol: 'azure-managed-identity',
    listen,
    header_file: { path: endpoints.file('azure') },
    resources: { 'https://vault.azure.net': 'vault' },
  });
  const google = await endpoints.start({
    protocol: 'gcp-metadata',
    listen,
    token: 'google',
    identity_tokens: { [AUDIENCE]: 'identity' },
    user_ids: [process.getuid?.()],
    project_id: 'example-project',
    email: 'relay@example-project.iam.gserviceaccount.com',
  });
  const { host, port } = placeOf(google);
  const secret = await readFile(endpoints.file('azure'), 'utf8');
  values = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws}/credentials/aws`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: endpoints.file('aws'),
    IDENTITY_ENDPOINT: `${azure}/msi/token`,
    IDENTITY_HEADER: secret,
    MSI_ENDPOINT: `${azure}/msi/token`,
    MSI_SECRET: secret,
    GCE_METADATA_HOST: `${host}:${port}`,
    GCE_METADATA_IP: `${host}:${port}`,
  };
  const listener = await httpListener(({ method, headers }, response) => {
    if (method === 'POST') {
      const key = /Credential=(\w+)\//.exec(headers.authorization ?? '')?.[1];
      const arn = `${key} ${digest(String(headers['x-amz-security-token']))}`;
      const result = `<GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult>`;
      response.end(`<GetCallerIdentityResponse>${result}</GetCallerIdentityResponse>`);
      return;
    }
    const isAllowed = headers.authorization === 'Bearer of-google';
    response.writeHead(isAllowed ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isAllowed ? { items: [{ name: 'an-object', bucket: 'a-bucket' }] } : {}));
  });
  server = listener.url;
  close = () => listener.close();
});
afterAll(async () => {
  await close();
  await endpoints.close();
});

/** Runs a client with only these variables. */
function ask({ run }: Client, variables: readonly string[]): Promise<Ran> {
  const HOME = endpoints.folder;
  return run({ HOME, ...Object.fromEntries(variables.map((variable) => [variable, values[variable]])) });
}

describe.each(['python', 'node', 'go', 'java'] as const)('the cloud SDKs of %s', (language) => {
  const missing =
    language === 'python'
      ? noPythonClients
      : languages[language].missing && `there is no ${languages[language].missing} here`;
  const ofLanguage = clients.filter((client) => client.language === language);

  if (missing !== undefined) {
    it('print why they are not run', () => {
      console.log(`not run: ${missing}`);
      expect(ofLanguage).not.toEqual([]);
    });
    return;
  }

  beforeAll(() => (language === 'python' ? undefined : languages[language].install()));

  it.each(ofLanguage)('$row needs only $variables', async (client) => {
    const { output, errors } = await ask(client, client.variables);
    const { read = JSON.parse } = client;
    expect(output === '' ? errors : read(output)).toEqual(client.expected);
  });

  const ofGoogle = ofLanguage.filter(({ variables }) => variables === GOOGLE);
  it.each(ofGoogle)('$row may have both variables of Google’s clients', async (client) => {
    const { output, errors } = await ask(client, GOOGLE_PYTHON);
    const { read = JSON.parse } = client;
    expect(output === '' ? errors : read(output)).toEqual(client.expected);
  });

  if (language === 'python')
    it('google-auth finds no credentials with GCE_METADATA_HOST alone', async () => {
      const client = ofLanguage.find(({ row }) => row === 'google-auth (Python)') as Client;
      const { output } = await ask(client, GOOGLE);
      expect(JSON.parse(output)).toEqual({ error: 'DefaultCredentialsError' });
    });
});

it('the page lists each client with the variables that it needs', async () => {
  const page = await readFile('docs/how-to/tokenrelay.md', 'utf8');
  const listed = [...page.matchAll(/^\| (.+?) \| ((?:`[A-Z_]+`(?:, | or )?)+) \|$/gm)].map(([, row, cell = '']) => [
    row,
    ...cell.split(' or ').map((words) => words.replaceAll('`', '').split(', ')),
  ]);
  const rows = [...new Set(clients.map(({ row }) => row))];
  expect(listed).toEqual(
    rows.map((row) => [row, ...clients.filter((client) => client.row === row).map(({ variables }) => variables)]),
  );
});
