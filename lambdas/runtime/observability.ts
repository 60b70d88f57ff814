import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';

/**
 * Structured logs. Log named values only, and never an event, a header, a body or a token.
 * The service name and the level come from the function's POWERTOOLS_ environment variables.
 */
export const logger = new Logger();

/** Metrics, written to the log in the embedded metric format. */
export const metrics = new Metrics();
