/**
 * `node scripts/run.mjs <script.ts> [arguments]`: installs the dependencies of a fresh clone if needed, then runs a
 * TypeScript script with the project's own Node 24. This file is plain JavaScript and imports only Node's built-ins,
 * because nothing may be installed yet. It uses no syntax that an old Node cannot parse, so that it can report that
 * Node is too old.
 */
const NODE_NEEDED = 20;

if (Number(process.versions.node.split('.')[0]) < NODE_NEEDED) {
  console.error(
    `Node ${NODE_NEEDED} or newer is needed and this is Node ${process.versions.node}: ` +
      'install a newer one and run the command again.',
  );
  process.exit(1);
}

import('./install/prepare-and-run.mjs').then(({ prepareAndRun }) => prepareAndRun(process.argv.slice(2)));
