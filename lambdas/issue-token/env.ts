import { decisionEnv } from '../decision-env.ts';
import { seconds, text } from '../env-types.ts';

export const issueTokenEnv = decisionEnv.extend({
  ISSUER: text,
  SIGNING_KEY_ARN: text,
  RECORD_RETENTION: seconds,
});
