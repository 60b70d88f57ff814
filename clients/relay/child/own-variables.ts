import { isMapping } from '@tvm/core/settings/fault.ts';
import type { Configuration } from '../config/configuration.ts';

/** The agent's AWS identity, where it came by the environment. */
const AWS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
];

/** Says where AWS is and what language is spoken: a child needs it as the command does, and no secret is in it. */
const PLACES = /^(AWS_REGION|AWS_DEFAULT_REGION|AWS_ENDPOINT_URL(_[A-Z0-9_]+)?|PATH|HOME|LANG|LC_\w+|TZ)$/;

/**
 * What systemd gave the agent: a child must not answer for it, nor find its secrets.
 * sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3), systemd.exec(5).
 */
const SYSTEMD = /^(NOTIFY_SOCKET|CREDENTIALS_DIRECTORY|WATCHDOG_(USEC|PID)|LISTEN_\w+)$/;

/**
 * Whether a variable of the agent's environment is for the agent alone: what the configuration names as a secret or,
 * places aside, for a command that prints a token; the agent's AWS identity; what systemd told it; and a declared variable
 * that a secret written inline is made of.
 */
export function ownVariables(configuration: Configuration, env: NodeJS.ProcessEnv): (variable: string) => boolean {
  const { named, inline } = secretsIn(configuration);
  const holdsInline = (variable: string) => {
    const value = env[variable];
    return value !== undefined && value !== '' && inline.some((secret) => secret.includes(value));
  };
  const ofCommands = configuration.tokens.flatMap(
    ({ source }) => ('environment' in source && source.environment?.filter((name) => !PLACES.test(name))) || [],
  );
  const own = new Set([...AWS, ...named, ...ofCommands, ...(configuration.variables ?? []).filter(holdsInline)]);
  return (variable) => own.has(variable) || SYSTEMD.test(variable);
}

// By their form, wherever they stand: what only looks like a reference to a secret is kept from the child as well.
function secretsIn(value: unknown): { named: string[]; inline: string[] } {
  const found = { named: [] as string[], inline: [] as string[] };
  const walk = (inner: unknown) => {
    if (Array.isArray(inner)) inner.forEach(walk);
    else if (isMapping(inner)) {
      if (typeof inner.env === 'string') found.named.push(inner.env);
      if (typeof inner.insecure_inline === 'string') found.inline.push(inner.insecure_inline);
      Object.values(inner).forEach(walk);
    }
  };
  walk(value);
  return found;
}
