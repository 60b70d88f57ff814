import type { Construct } from 'constructs';
import { introspectTokenEnv } from '#lambdas/introspect-token/env.ts';
import { reportUseEnv } from '#lambdas/report-use/env.ts';
import type { Machine } from './machine.ts';
import { ServiceFunction } from './service-function.ts';
import { letVerify, type TokenKeys } from './token-keys.ts';

/** A resource server asks about a token, and reports what it was used for. */
export function verification(scope: Construct, machine: Machine, keys: TokenKeys) {
  const { config, defaults, records, api } = machine;
  const environment = { ISSUER: api.issuer, TABLE_NAME: records.tableName, ...keys.environment };
  const resourceServers = config.resource_servers.map(({ principal, audiences }) => [principal, audiences]);
  const files = { 'resource-servers.json': JSON.stringify(Object.fromEntries(resourceServers)) };
  const introspectToken = new ServiceFunction(scope, 'introspect-token', {
    defaults,
    description: 'POST /introspect: tells a resource server whether a token is active',
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
    description: 'POST /uses: notes for the audit what a token was used for',
    memorySize: 512,
    env: reportUseEnv,
    environment: { ...environment, RECORD_RETENTION: String(config.record_retention) },
    files,
  });
  api.signed('/uses', reportUse);
  records.allowNotingFacts(reportUse);
  letVerify(keys, introspectToken, reportUse);
  return { introspectToken };
}
