import { decisionEnv } from '../decision-env.ts';
import { count, seconds, text } from '../env-types.ts';

export const issueTokenEnv = decisionEnv.extend({
  ISSUER: text,
  SIGNING_KEY_ARN: text,
  RECORD_RETENTION: seconds,
  STATUS_LIST_TABLE: text,
  STATUS_LIST_SIZE: count,
});
