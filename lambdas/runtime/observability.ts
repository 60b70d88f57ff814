import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';

/**
 * Structured logs. Only what is named is logged: never an event, a header, a body or a token.
 * Service name and level come from the function's POWERTOOLS_ environment.
 */
export const logger = new Logger();

/** Metrics, written as embedded metric format lines into the log. */
export const metrics = new Metrics();
