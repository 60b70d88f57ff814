import * as z from 'zod';
import { absolutePath, seconds } from './fields.ts';
import { secretFields } from './secret-reference.ts';

/** The URL of a proxy. Plain http is allowed, since the tunnelled connection uses TLS. */
const proxyUrl = z.string({ error: 'must be a URL' }).refine(
  (text) => {
    const url = URL.parse(text);
    return url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password && url.pathname === '/';
  },
  {
    error:
      'must be the http or https URL of a proxy, such as http://proxy.example.com:3128; a user name and a password are ' +
      'given with proxy_user and proxy_password_path',
  },
);

/** Settings of a source's TLS connection to its issuer. */
export const transportFields = {
  ca_file: absolutePath.optional().meta({
    description: 'A file with CA certificates (PEM) to trust instead of the public ones and those of the system.',
  }),
  client_certificate: z
    .strictObject({
      cert_path: absolutePath.meta({ description: 'The file with the certificate and its intermediate certificates.' }),
      key_path: absolutePath.meta({ description: 'The file with the private key.' }),
    })
    .optional()
    .meta({ description: 'The client certificate and its key (PEM), for mutual TLS.' }),
  proxy: proxyUrl
    .optional()
    .meta({ description: 'An HTTP proxy (CONNECT). Never used for loopback or metadata addresses.' }),
  proxy_user: z
    .string()
    // RFC 7617, section 2: a user name with a colon cannot be told from the password.
    .regex(/^[^:\p{Cc}]{1,256}$/u, { error: 'must be a user name without a colon' })
    .optional()
    .meta({
      description:
        'The user name at the proxy (basic authentication). Use an https proxy: an http one gets the password in plain text.',
    }),
  ...secretFields('proxy_password', 'The password of `proxy_user`'),
  timeout_seconds: seconds.optional().meta({ description: 'The timeout of one request, in seconds. Default: 10.' }),
};
export type Transport = z.infer<z.ZodObject<typeof transportFields>>;
