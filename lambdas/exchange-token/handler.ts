import { sampledPerMinute } from '@tvm/core/issuing/exchange-token.ts';
import { recentSubjects } from '@tvm/core/issuing/recent-subjects.ts';
import { proofKeys } from '../adapters/http/proof-keys.ts';
import { readEnv } from '../runtime/read-env.ts';
import { issuingPorts } from '../shared/issuing-ports.ts';
import { exchangeTokenEnv } from './env.ts';
import { exchangeEndpoint } from './exchange-endpoint.ts';

const env = readEnv(exchangeTokenEnv);
const { rules, ports } = await issuingPorts(import.meta.url, env);

/** `POST /federation/token`, wired to this deployment and to the issuers of its trust entries. */
export const handler = exchangeEndpoint(rules, {
  ...ports,
  proofKeys: proofKeys({ allow: env.PRIVATE_ISSUERS }),
  usedProofs: recentSubjects(Date),
  isSampled: sampledPerMinute(Date),
});
