import { InvalidArgumentError, Option } from 'commander';

/** Matches a registry such as `ghcr.io/acme` or `localhost:5000`. */
const REGISTRY = /^[a-z0-9][a-z0-9._-]*(?::\d+)?(?:\/[a-z0-9][a-z0-9._-]*)*\/?$/i;

/** Returns the option `--allow-registry`, which may be repeated. */
export function allowRegistryOption(): Option {
  return new Option('--allow-registry <registry>', 'allowed image registry; repeatable').argParser(
    (registry: string, others: string[] | undefined) => {
      if (!REGISTRY.test(registry)) throw new InvalidArgumentError('It must be a registry such as ghcr.io/acme.');
      return [...(others ?? []), registry];
    },
  );
}
