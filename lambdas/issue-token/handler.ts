import { readEnv } from '../runtime/read-env.ts';
import { issuingPorts } from '../shared/issuing-ports.ts';
import { issueTokenEnv } from './env.ts';
import { tokenEndpoint } from './token-endpoint.ts';

const { rules, ports } = await issuingPorts(import.meta.url, readEnv(issueTokenEnv));

/** `POST /token`, wired to this deployment. */
export const handler = tokenEndpoint(rules, ports);
