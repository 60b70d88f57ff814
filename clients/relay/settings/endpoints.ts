import { isIPv4 } from 'node:net';
import * as z from 'zod';
import { absolutePath, account, fileMode, tokenName } from './fields.ts';

const LOOPBACK = /^(127(?:\.\d{1,3}){3}|\[::1\]):(\d{1,5})$/;

function isLoopbackAddress(text: string): boolean {
  const [, host = '', port] = LOOPBACK.exec(text) ?? [];
  return (host === '[::1]' || isIPv4(host)) && Number(port) <= 65_535;
}

const ADDRESS = 'must be a loopback address and a port, such as 127.0.0.1:9797';

/** A loopback address and a port, such as `127.0.0.1:9797`. Port 0 selects a free port. */
const loopbackAddress = z.string({ error: ADDRESS }).refine(isLoopbackAddress, { error: ADDRESS }).meta({
  description:
    'A loopback address and a port, such as 127.0.0.1:9797. Port 0 selects a free port, which the log shows.',
});

const owner = account.optional().meta({ description: 'The owner. Default: the agent’s user.' });
const group = account.optional().meta({ description: 'The group. Default: the agent’s group.' });

const unixSocket = z.strictObject({
  unix: absolutePath.meta({
    description: 'The path of a Unix socket. Every process that can open it can get the tokens.',
  }),
  permissions: fileMode.optional().meta({ description: 'The mode, in quotes. Default: "0600".' }),
  owner,
  group,
});

/** A file with the secret that clients of an endpoint must send. The agent replaces it at each start. */
const secretFile = z
  .strictObject({
    path: absolutePath.meta({
      description: 'The path of the file. Every process that can read it can get the tokens.',
    }),
    permissions: fileMode.optional().meta({ description: 'The mode, in quotes. Default: "0600".' }),
    owner,
    group,
  })
  .meta({
    description:
      'A file with the secret that clients must send. The agent generates a new secret at each start, and leaves the ' +
      'file when it stops.',
  });

const tokens = z.array(tokenName).min(1).optional().meta({
  description: 'The tokens that this endpoint serves. Default: all tokens of the form that the protocol needs.',
});

/** A local endpoint from which programs get tokens: one protocol on one address. */
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
          description: 'The token to serve for each resource, such as https://vault.azure.net.',
        }),
        client_id: z.string().min(1).optional().meta({
          description: 'The client id of the identity, as reported to clients. Clients may request only this identity.',
        }),
      }),
      z.strictObject({
        protocol: z.literal('gcp-metadata'),
        listen: loopbackAddress,
        token: tokenName.meta({ description: 'The token that this endpoint serves: a Google access token.' }),
        identity_tokens: z.record(z.string().min(1).max(1_024), tokenName).optional().meta({
          description: 'The identity token (a JWT) to serve for each audience, such as https://service.example.com.',
        }),
        user_ids: z
          .array(z.int({ error: 'must be a numeric user id, as id -u prints it' }).min(0))
          .min(1)
          .meta({
            description: 'The users whose processes may use this endpoint, since its clients cannot send a secret.',
          }),
        project_id: z
          .string()
          .min(1)
          .optional()
          .meta({ description: 'The project id, as reported to clients. Some clients need it to start.' }),
        email: z
          .string()
          .min(1)
          .optional()
          .meta({ description: 'The email address of the service account, as reported to clients.' }),
      }),
      z.strictObject({ protocol: z.literal('monitoring'), listen: loopbackAddress }),
    ],
    {
      error:
        'must be tokens, tokens-tcp, aws-container-credentials, azure-managed-identity, gcp-metadata or monitoring',
    },
  )
  .meta({
    id: 'Endpoint',
    description: 'A local endpoint from which programs get tokens: one protocol on one address.',
  });
export type EndpointSettings = z.infer<typeof endpoint>;
