import { InvalidArgumentError, Option } from 'commander';

/** As in `ghcr.io/acme` or `localhost:5000`. */
const REGISTRY = /^[a-z0-9][a-z0-9._-]*(?::\d+)?(?:\/[a-z0-9][a-z0-9._-]*)*\/?$/i;

/** `--allow-registry`, once for each registry. */
export function allowRegistryOption(): Option {
  return new Option('--allow-registry <registry>', 'where images may come from; may be given several times').argParser(
    (registry: string, others: string[] | undefined) => {
      if (!REGISTRY.test(registry)) throw new InvalidArgumentError('Give it as in ghcr.io/acme.');
      return [...(others ?? []), registry];
    },
  );
}
