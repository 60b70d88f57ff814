import { count, seconds, text } from '../runtime/env-types.ts';
import { decisionEnv } from '../shared/decision-env.ts';

export const issueTokenEnv = decisionEnv.extend({
  ISSUER: text,
  SIGNING_KEY_ARN: text,
  RECORD_RETENTION: seconds,
  STATUS_LIST_TABLE: text,
  STATUS_LIST_SIZE: count,
});
