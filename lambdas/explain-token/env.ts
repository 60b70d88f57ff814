export { decisionEnv as explainTokenEnv } from '../shared/decision-env.ts';
