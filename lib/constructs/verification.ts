import type { Construct } from 'constructs';
import { introspectTokenEnv } from '#lambdas/introspect-token/env.ts';
import { reportUseEnv } from '#lambdas/report-use/env.ts';
import type { Foundation } from './foundation.ts';
import { ServiceFunction } from './service-function.ts';
import { grantVerify, type TokenKeys } from './token-keys.ts';

/** The functions that let resource servers introspect tokens and report their use. */
export function verification(scope: Construct, foundation: Foundation, keys: TokenKeys) {
  const { config, defaults, records, api } = foundation;
  const environment = { ISSUER: api.issuer, TABLE_NAME: records.tableName, ...keys.environment };
  const resourceServers = config.resource_servers.map(({ principal, audiences }) => [principal, audiences]);
  const files = { 'resource-servers.json': JSON.stringify(Object.fromEntries(resourceServers)) };
  const introspectToken = new ServiceFunction(scope, 'introspect-token', {
    defaults,
    description: 'POST /introspect: checks whether a token is active, for a resource server',
    memorySize: 512,
    env: introspectTokenEnv,
    environment,
    files,
  });
  api.signed('/introspect', introspectToken);
  records.allow(introspectToken, 'GetItem');
  records.allowCountingIntrospections(introspectToken);

  const reportUse = new ServiceFunction(scope, 'report-use', {
    defaults,
    description: 'POST /uses: records the use of a token for the audit',
    memorySize: 512,
    env: reportUseEnv,
    environment: { ...environment, RECORD_RETENTION: String(config.record_retention) },
    files,
  });
  api.signed('/uses', reportUse);
  records.allowNotingFacts(reportUse);
  grantVerify(keys, introspectToken, reportUse);
  return { introspectToken };
}
