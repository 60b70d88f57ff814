import type { Configuration } from '../config/configuration.ts';
import type { AgentUser } from './agent-user.ts';
import type { ServiceUnit } from './service-unit.ts';

/** The input of every check: the configuration, and what it is checked against. */
export interface Checked {
  configuration: Configuration;
  /** The absolute path of the configuration. */
  file: string;
  /** The environment of this process. */
  env: NodeJS.ProcessEnv;
  user: AgentUser;
  /** The agent's systemd unit, if it has one. */
  unit: ServiceUnit | undefined;
}
