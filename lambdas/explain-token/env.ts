export { decisionEnv as explainTokenEnv } from '../decision-env.ts';
