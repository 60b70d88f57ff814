import type { Config } from '../config/config.ts';
import type { EventFlow } from './event-flow.ts';
import type { ServiceDefaults } from './service-function.ts';
import type { TokenApi } from './token-api.ts';
import type { TokenRecords } from './token-records.ts';

/** The resources that all parts of the system use. */
export interface Foundation {
  config: Config;
  defaults: ServiceDefaults;
  records: TokenRecords;
  api: TokenApi;
  events: EventFlow;
}
