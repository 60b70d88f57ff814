import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isRead, type PolicyBundle } from '@tvm/core/policy/bundle.ts';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { exchangeTokenEnv } from '#lambdas/exchange-token/env.ts';
import { explainTokenEnv } from '#lambdas/explain-token/env.ts';
import { issueTokenEnv } from '#lambdas/issue-token/env.ts';
import type { Foundation } from './foundation.ts';
import { grantOnTable } from './grant-on-table.ts';
import { ServiceFunction } from './service-function.ts';
import type { StatusLists } from './status-lists.ts';
import { FEDERATION_PATH } from './token-api.ts';
import type { TokenKeys } from './token-keys.ts';

const CEDAR_WASM = createRequire(import.meta.url)
  .resolve('@cedar-policy/cedar-wasm/nodejs')
  .replace(/\.js$/, '_bg.wasm');

export interface IssuingProps {
  foundation: Foundation;
  keys: TokenKeys;
  statusLists: StatusLists;
  policyBundle: PolicyBundle;
  /** The files for external authorizers, from authorizer-files.ts. */
  authorizerFiles: Record<string, string | Uint8Array>;
}

/** The functions that issue tokens and explain decisions. Without trust entries, no token is issued for a proof. */
export function issuing(scope: Construct, props: IssuingProps): LambdaFunction[] {
  const { config, records, api } = props.foundation;
  const deciding = {
    environment: {
      TABLE_NAME: records.tableName,
      DEFAULT_LIFETIME: String(config.token_expiration_time),
      DEFAULT_WRITE_LIFETIME: String(config.write_token_expiration_time),
      MAX_LIFETIME: String(config.max_token_lifetime),
    },
    files: {
      'policy-bundle.json': JSON.stringify(props.policyBundle),
      'cedar_wasm_bg.wasm': readFileSync(CEDAR_WASM),
      ...props.authorizerFiles,
    },
  };
  const issueToken = new ServiceFunction(scope, 'issue-token', {
    ...issuerProps(props, deciding),
    description: 'POST /token: evaluates policy, signs and records a token',
    env: issueTokenEnv,
  });
  api.signed('/token', issueToken);
  const issuers: (typeof issueToken | ReturnType<typeof exchanger>)[] = [issueToken];
  if (props.policyBundle.trust !== undefined) issuers.push(exchanger(scope, props, deciding));
  props.keys.signing.signedOnlyBy(...issuers.map(({ role }) => role));
  for (const issuer of issuers) allowIssuing(issuer, props);
  const explainToken = explainer(scope, props, deciding);
  for (const decider of [...issuers, explainToken]) {
    grantOnTable(decider, records.tableArn, records.encryptionKey, ['GetItem'], ['SUBJECT#*']);
    if (isRead(props.policyBundle, 'behaviour')) records.allowFindingBySubject(decider);
  }
  return issuers;
}

interface Deciding {
  environment: Record<'TABLE_NAME' | 'DEFAULT_LIFETIME' | 'DEFAULT_WRITE_LIFETIME' | 'MAX_LIFETIME', string>;
  files: Record<string, string | Uint8Array>;
}

/** What the functions that issue tokens have in common. */
function issuerProps({ foundation, keys, statusLists }: IssuingProps, { environment, files }: Deciding) {
  const { config, defaults, api } = foundation;
  return {
    defaults,
    memorySize: 1024,
    environment: {
      ...environment,
      ISSUER: api.issuer,
      SIGNING_KEY_ARN: keys.signing.keyArn,
      RECORD_RETENTION: String(config.record_retention),
      STATUS_LIST_TABLE: statusLists.table.tableName,
      STATUS_LIST_SIZE: String(config.status_list_size),
    },
    files,
  };
}

/** Proofs of other issuers have a separate path, since a method of API Gateway either has IAM authorization or is open. */
function exchanger(scope: Construct, props: IssuingProps, deciding: Deciding) {
  const { config, records, api } = props.foundation;
  const common = issuerProps(props, deciding);
  const exchangeToken = new ServiceFunction(scope, 'exchange-token', {
    ...common,
    description:
      'POST /federation/token: verifies a proof of another issuer, evaluates policy, signs and records a token',
    env: exchangeTokenEnv,
    // Issuers of the local stage run on this computer.
    environment: { ...common.environment, PRIVATE_ISSUERS: config.emulator ? 'localhost,127.0.0.1' : '' },
  });
  api.open(FEDERATION_PATH, exchangeToken, 'POST');
  grantOnTable(exchangeToken, records.tableArn, records.encryptionKey, ['PutItem'], ['PROOF#*']);
  return exchangeToken;
}

function allowIssuing(issuer: LambdaFunction, { foundation: { records }, statusLists }: IssuingProps): void {
  const allow = (operations: string[], leadingKeys: string[]) =>
    grantOnTable(issuer, records.tableArn, records.encryptionKey, operations, leadingKeys);
  allow(['PutItem', 'UpdateItem'], ['TOKEN#*']);
  allow(['PutItem'], ['BY#issued#pending#*']);
  statusLists.allowLeasing(issuer);
}

/** Explanations about any workload have a separate path for operators, since IAM authorizes callers by path. */
function explainer(
  scope: Construct,
  { foundation: { defaults, api } }: IssuingProps,
  { environment, files }: Deciding,
) {
  const explainToken = new ServiceFunction(scope, 'explain-token', {
    defaults,
    description: 'POST /explain, POST /explain/any: explains the decision on a token request',
    memorySize: 1024,
    env: explainTokenEnv,
    environment,
    files,
  });
  api.signed('/explain', explainToken);
  api.signed('/explain/any', explainToken);
  return explainToken;
}
