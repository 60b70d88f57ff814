import { isIPv4 } from 'node:net';
import * as z from 'zod';
import { absolutePath, account, fileMode, tokenName } from './fields.ts';

const LOOPBACK = /^(127(?:\.\d{1,3}){3}|\[::1\]):(\d{1,5})$/;

function isLoopbackAddress(text: string): boolean {
  const [, host = '', port] = LOOPBACK.exec(text) ?? [];
  return (host === '[::1]' || isIPv4(host)) && Number(port) <= 65_535;
}

const ADDRESS = 'must be an address of loopback and a port, such as 127.0.0.1:9797';

/** An address of loopback and a port, such as `127.0.0.1:9797`; port 0 takes a free one. */
const loopbackAddress = z.string({ error: ADDRESS }).refine(isLoopbackAddress, { error: ADDRESS }).meta({
  description: 'An address of loopback and a port, such as 127.0.0.1:9797. Port 0 is a free one: the log says which.',
});

const owner = account.optional().meta({ description: 'Who owns it. Default: the agent’s user.' });
const group = account.optional().meta({ description: 'Its group. Default: the agent’s.' });

const unixSocket = z.strictObject({
  unix: absolutePath.meta({ description: 'A Unix socket. Whoever may open it gets the tokens.' }),
  permissions: fileMode.optional().meta({ description: 'Its mode, in quotes. Default: "0600".' }),
  owner,
  group,
});

/** A file that the agent writes at its start: the secret that clients of an endpoint must send. */
const secretFile = z
  .strictObject({
    path: absolutePath.meta({ description: 'The file. Whoever may read it gets the tokens.' }),
    permissions: fileMode.optional().meta({ description: 'Its mode, in quotes. Default: "0600".' }),
    owner,
    group,
  })
  .meta({
    description: 'The file with the secret that clients must send. The agent makes a new secret at each start.',
  });

const tokens = z
  .array(tokenName)
  .min(1)
  .optional()
  .meta({ description: 'The tokens that are given out here. Default: all that have the right form.' });

/** Where programs on this machine ask for tokens: one protocol on one address. */
export const endpoint = z
  .discriminatedUnion(
    'protocol',
    [
      z.strictObject({ protocol: z.literal('tokens'), listen: unixSocket, tokens }),
      z.strictObject({ protocol: z.literal('tokens-tcp'), listen: loopbackAddress, bearer_file: secretFile, tokens }),
      z.strictObject({
        protocol: z.literal('aws-container-credentials'),
        listen: loopbackAddress,
        authorization_file: secretFile,
        tokens,
      }),
      z.strictObject({
        protocol: z.literal('azure-managed-identity'),
        listen: loopbackAddress,
        header_file: secretFile,
        resources: z.record(z.string().min(1), tokenName).meta({
          description: 'Which token is given out for which resource, such as https://vault.azure.net.',
        }),
        client_id: z
          .string()
          .min(1)
          .optional()
          .meta({ description: 'The identity’s client id, as clients are told. They may ask for this one alone.' }),
      }),
      z.strictObject({
        protocol: z.literal('gcp-metadata'),
        listen: loopbackAddress,
        token: tokenName.meta({ description: 'The token that is given out here: an access token of Google.' }),
        user_ids: z
          .array(z.int({ error: 'must be the number of a user, as id -u prints it' }).min(0))
          .min(1)
          .meta({ description: 'The users whose processes are answered: these clients can send no secret.' }),
        project_id: z
          .string()
          .min(1)
          .optional()
          .meta({ description: 'The project’s id, as clients are told: some do not start without.' }),
        email: z
          .string()
          .min(1)
          .optional()
          .meta({ description: 'The service account’s address, as clients are told.' }),
      }),
      z.strictObject({ protocol: z.literal('monitoring'), listen: loopbackAddress }),
    ],
    {
      error:
        'must be tokens, tokens-tcp, aws-container-credentials, azure-managed-identity, gcp-metadata or monitoring',
    },
  )
  .meta({ id: 'Endpoint', description: 'Where programs on this machine ask for tokens: one protocol on one address.' });
export type EndpointSettings = z.infer<typeof endpoint>;
