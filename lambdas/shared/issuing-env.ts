import { count, seconds, text } from '../runtime/env-types.ts';
import { decisionEnv } from './decision-env.ts';

/** The environment of the functions that issue tokens. */
export const issuingEnv = decisionEnv.extend({
  ISSUER: text,
  SIGNING_KEY_ARN: text,
  RECORD_RETENTION: seconds,
  STATUS_LIST_TABLE: text,
  STATUS_LIST_SIZE: count,
});
