import * as z from 'zod';
import { httpClient } from '../http/client.ts';
import { SourceFailure, type SourceKind } from '../model/source.ts';
import { statedMoment } from './expiry.ts';
import { imdsSession } from './metadata/imds-session.ts';
import { metadataFields } from './metadata/metadata-server.ts';

/** IAM role names: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html */
const ROLE = /^(?!\.{1,2}$)[\w+=,.@-]{1,64}$/;

const settings = z.strictObject({
  role: z
    .string()
    .regex(ROLE, { error: 'must be the name of a role' })
    .optional()
    .meta({ description: 'The role of the instance profile. Default: the role of the instance.' }),
  ...metadataFields,
});

const credentials = z.object({
  Code: z.literal('Success'),
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  Token: z.string().min(1),
  Expiration: z.unknown().optional(),
});

/**
 * Credentials of an EC2 instance’s role, only from version 2 of the instance metadata service. The service returns the
 * same credentials until it has new ones, at least five minutes before the old ones expire. If it cannot get new ones, it
 * returns expired ones, which AWS accepts then: they are used, as by the AWS SDKs (“static stability”).
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 */
export const awsInstanceProfile: SourceKind<'aws_instance_profile', typeof settings> = {
  type: 'aws_instance_profile',
  settings,
  values: ['access_key_id', 'secret_access_key', 'session_token'],
  create({ role, endpoint, timeout_seconds }, { token, clock, log }) {
    const client = httpClient({ timeout_seconds }, 'metadata');
    const imds = imdsSession(endpoint ?? usualEndpoint(process.env), client, clock);
    return {
      async fetch(_previous, signal) {
        const fetchedAt = clock.now();
        const name = role ?? (await onlyRole(imds.read('iam/security-credentials/', signal)));
        const document = await imds.read(`iam/security-credentials/${name}`, signal);
        const { AccessKeyId, SecretAccessKey, Token, Expiration } = credentialsIn(document);
        const values = { access_key_id: AccessKeyId, secret_access_key: SecretAccessKey, session_token: Token };
        const end = statedMoment(Expiration, 'Expiration', 'the instance metadata service');
        if (end > clock.now()) return { values, fetchedAt, expiresAt: end };
        const expired_at = new Date(end).toISOString();
        log.warn(
          { token, expired_at },
          'the instance metadata service returned expired credentials; they are used until it has new ones',
        );
        return { values, fetchedAt, expiredAt: end };
      },
      async close() {
        client.close();
      },
    };
  },
};

/**
 * Returns the default address of the service, as in the AWS SDKs.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
 */
function usualEndpoint(env: NodeJS.ProcessEnv): string {
  const overIpv6 = env.AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE?.toLowerCase() === 'ipv6';
  return env.AWS_EC2_METADATA_SERVICE_ENDPOINT || (overIpv6 ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254');
}

/** Returns the instance's role. The name is validated because it becomes part of a path. */
async function onlyRole(list: Promise<string>): Promise<string> {
  const [name = ''] = (await list).trim().split('\n');
  if (!ROLE.test(name))
    throw new SourceFailure('the instance metadata service returned no role; does the instance have one?');
  return name;
}

function credentialsIn(document: string): z.infer<typeof credentials> {
  try {
    return credentials.parse(JSON.parse(document));
  } catch {
    throw new SourceFailure(`the instance metadata service returned no credentials${codeIn(document)}`);
  }
}

/** Returns the service's error code, such as `AssumeRoleUnauthorizedAccess`. */
function codeIn(document: string): string {
  const code = /"Code"\s*:\s*"([A-Za-z]{1,64})"/.exec(document)?.[1];
  return code === undefined || code === 'Success' ? '' : ` (${code})`;
}
