import type { Configuration } from '../config/configuration.ts';
import { secretReader } from '../config/secrets.ts';
import { renewalHooks } from '../hooks/after-renewal.ts';
import { alertsOf } from '../hooks/alerts.ts';
import { fileOutputOf } from '../outputs/file-output.ts';
import { makeSource } from '../sources/kinds.ts';
import type { Agent, World } from './agent.ts';
import { cacheAt } from './cache.ts';
import { tokenSet } from './token-set.ts';

/** Starts an agent for a configuration. */
export function startAgent(configuration: Configuration, world: World): Agent {
  const { clock, log, env, configFile } = world;
  return tokenSet(configuration, world, {
    source: makeSource,
    output: fileOutputOf,
    hooks: renewalHooks,
    random: Math.random,
    secretReader: (tokens) => secretReader(env, tokens),
    cache: (settings, secret) => cacheAt(settings, { clock, secret }),
    alerts: (settings) => alertsOf(settings, { clock, log, configFile }),
  });
}
