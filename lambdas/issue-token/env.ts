export { issuingEnv as issueTokenEnv } from '../shared/issuing-env.ts';
