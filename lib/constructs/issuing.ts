import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isRead, type PolicyBundle } from '@tvm/core/policy/bundle.ts';
import type { Construct } from 'constructs';
import { explainTokenEnv } from '#lambdas/explain-token/env.ts';
import { issueTokenEnv } from '#lambdas/issue-token/env.ts';
import type { Foundation } from './foundation.ts';
import { grantOnTable } from './grant-on-table.ts';
import { ServiceFunction } from './service-function.ts';
import type { StatusLists } from './status-lists.ts';
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

/** The functions that issue tokens and explain decisions. */
export function issuing(scope: Construct, props: IssuingProps): { issueToken: ServiceFunction<typeof issueTokenEnv> } {
  const { config, records } = props.foundation;
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
  const issueToken = issuer(scope, props, deciding);
  const explainToken = explainer(scope, props, deciding);
  for (const decider of [issueToken, explainToken]) {
    grantOnTable(decider, records.tableArn, records.encryptionKey, ['GetItem'], ['SUBJECT#*']);
    if (isRead(props.policyBundle, 'behaviour')) records.allowFindingBySubject(decider);
  }
  return { issueToken };
}

interface Deciding {
  environment: Record<'TABLE_NAME' | 'DEFAULT_LIFETIME' | 'DEFAULT_WRITE_LIFETIME' | 'MAX_LIFETIME', string>;
  files: Record<string, string | Uint8Array>;
}

function issuer(scope: Construct, { foundation, keys, statusLists }: IssuingProps, { environment, files }: Deciding) {
  const { config, defaults, records, api } = foundation;
  const issueToken = new ServiceFunction(scope, 'issue-token', {
    defaults,
    description: 'POST /token: evaluates policy, signs and records a token',
    memorySize: 1024,
    env: issueTokenEnv,
    environment: {
      ...environment,
      ISSUER: api.issuer,
      SIGNING_KEY_ARN: keys.signing.keyArn,
      RECORD_RETENTION: String(config.record_retention),
      STATUS_LIST_TABLE: statusLists.table.tableName,
      STATUS_LIST_SIZE: String(config.status_list_size),
    },
    files,
  });
  api.signed('/token', issueToken);
  keys.signing.signedOnlyBy(issueToken.role);
  const allow = (operations: string[], leadingKeys: string[]) =>
    grantOnTable(issueToken, records.tableArn, records.encryptionKey, operations, leadingKeys);
  allow(['PutItem', 'UpdateItem'], ['TOKEN#*']);
  allow(['PutItem'], ['BY#issued#pending#*']);
  statusLists.allowLeasing(issueToken);
  return issueToken;
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
