import { isMapping } from '@tvm/core/settings/fault.ts';
import type { Configuration } from '../config/configuration.ts';

/** Variables with the agent's AWS credentials. */
const AWS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
];

/** Variables for AWS endpoints, paths and locale. They contain no secret, and a child needs them too. */
const PLACES = /^(AWS_REGION|AWS_DEFAULT_REGION|AWS_ENDPOINT_URL(_[A-Z0-9_]+)?|PATH|HOME|LANG|LC_\w+|TZ)$/;

/**
 * Variables from systemd: a child must not send notifications for the agent, or find its secrets.
 * sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3), systemd.exec(5).
 */
const SYSTEMD = /^(NOTIFY_SOCKET|CREDENTIALS_DIRECTORY|WATCHDOG_(USEC|PID)|LISTEN_\w+)$/;

/**
 * Returns a function that reports whether a variable of the agent's environment must not reach the child. These are
 * variables that the configuration uses as secrets or passes to token commands (except `PLACES`), the agent's AWS
 * credentials, variables from systemd, and declared variables that an inline secret contains.
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

// Matches by shape anywhere in the file. Also withholds what only looks like a reference to a secret.
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
