// What each folder may import of this project, besides itself and the folders below it. The longest name that fits counts.
// A name that ends with .ts is one file, `*` one folder. The arrows point one way: docs/architecture.md draws them.

const useCaseEnvironments = ['lambdas/*/env.ts', 'lambdas/shared/telling-env.ts', 'lambdas/shared/audit-item-keys.ts'];

export const allowedImports: Readonly<Record<string, readonly string[]>> = {
  contract: [],

  // Flat in core are the ports that every domain has, and bounded concurrency.
  core: [],
  'core/settings': [],
  'core/identity': ['contract'],
  'core/policy': ['contract', 'core/identity', 'core/settings'],
  'core/external-authorizers': ['core/ports.ts'],
  'core/keys': [],
  'core/records': ['contract', 'core/ports.ts', 'core/at-most.ts'],
  'core/status-lists': ['contract', 'core/ports.ts', 'core/keys', 'core/records'],
  'core/verification': ['contract', 'core/ports.ts', 'core/identity', 'core/keys', 'core/records'],
  'core/issuing': [
    'contract',
    'core/ports.ts',
    'core/identity',
    'core/policy',
    'core/external-authorizers',
    'core/keys',
    'core/records',
    'core/status-lists',
  ],
  'core/explain': ['contract', 'core/identity', 'core/policy', 'core/records', 'core/issuing'],
  'core/revocation/orders': [
    'contract',
    'core/ports.ts',
    'core/at-most.ts',
    'core/settings/nearest-name.ts',
    'core/policy',
    'core/records',
  ],
  'core/revocation/triggers': ['contract', 'core/revocation/orders'],
  'core/revocation': ['core/identity', 'core/keys', 'core/verification', 'core/revocation/orders'],
  'core/audit': ['contract', 'core/ports.ts', 'core/keys', 'core/records', 'core/revocation/orders'],
  'core/tokens-view': ['contract', 'core/ports.ts', 'core/keys', 'core/records', 'core/status-lists', 'core/audit'],
  'core/security-events': [
    'contract',
    'core/ports.ts',
    'core/identity',
    'core/keys',
    'core/records',
    'core/revocation/orders',
  ],
  'core/anomaly': ['contract', 'core/at-most.ts', 'core/records', 'core/revocation/orders'],

  gate: ['contract', 'core/identity', 'core/policy', 'core/external-authorizers', 'core/issuing'],
  'gate/model': [],
  'gate/cloudformation': ['gate/model'],
  'gate/kubernetes': ['gate/model'],
  'gate/credentials': ['gate/model', 'gate/cloudformation', 'gate/kubernetes'],
  'gate/rego': ['core/policy', 'core/external-authorizers', 'gate/model', 'gate/cloudformation', 'gate/kubernetes'],
  'gate/policies': ['contract', 'core/identity', 'core/policy', 'core/issuing', 'gate/model'],
  'gate/reports': ['gate/model', 'gate/rules.ts'],
  'gate/export': ['gate/kubernetes', 'gate/credentials'],

  'lambdas/runtime': ['contract', 'core'],
  'lambdas/middleware': ['core', 'lambdas/runtime'],
  'lambdas/adapters': ['contract', 'core', 'lambdas/runtime', 'lambdas/middleware'],
  'lambdas/shared': ['contract', 'core', 'lambdas/runtime', 'lambdas/middleware', 'lambdas/adapters'],
  // A use case imports no other one.
  'lambdas/*': ['contract', 'core', 'lambdas/runtime', 'lambdas/middleware', 'lambdas/adapters', 'lambdas/shared'],

  'lib/config': [
    'contract',
    'core/settings',
    'core/anomaly',
    'core/external-authorizers',
    'core/policy',
    'core/revocation/triggers',
  ],
  'lib/constructs': [
    'contract',
    'core/anomaly',
    'core/audit',
    'core/policy',
    'core/revocation/triggers',
    'lib/config',
    ...useCaseEnvironments,
  ],
  lib: ['core/policy', 'core/revocation/triggers', ...useCaseEnvironments],
  bin: ['core/policy', 'lib'],

  'clients/api': ['contract'],
  'clients/terminal': [],
  'clients/cli': [
    'contract',
    'clients/api',
    'clients/terminal',
    'core/policy',
    'core/external-authorizers',
    'core/audit',
    'gate',
  ],
  'clients/relay': ['contract', 'core/settings', 'clients/api', 'clients/terminal'],

  'scripts/tools': [],
  'scripts/install': ['scripts/tools'],
  'scripts/testing': ['scripts/tools'],
  'scripts/emulators': ['clients/api', 'scripts/tools'],
  'scripts/localstack': ['scripts/tools', 'scripts/install', 'scripts/emulators'],
  'scripts/local': [
    'contract',
    'clients/api',
    'scripts/tools',
    'scripts/install',
    'scripts/emulators',
    'scripts/localstack',
  ],
  'scripts/reference': [
    'contract',
    'gate',
    'lib/config',
    'clients/relay/config',
    'clients/relay/sources',
    // The differences between emulators and AWS are what the probes check.
    'test/emulators',
  ],
  scripts: ['test/emulators'],
};

/** The modules of Node that may be imported where not all may. */
export const allowedNodeModules: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  core: ['node:crypto', 'node:net', 'node:path', 'node:util', 'node:zlib'],
  // The gate is given the content of files: it reads none.
  gate: ['node:crypto', 'node:net', 'node:path', 'node:util'],
};

/** Packages that may be imported from the root's own folders: workspaces say so in their package.json. */
export const allowedPackages: Readonly<Record<string, readonly string[]>> = {
  lambdas: ['@aws-lambda-powertools/', '@aws-sdk/', '@middy/core', 'aws-lambda', 'jose', 'zod'],
  lib: ['aws-cdk-lib', 'constructs', 'esbuild', 'smol-toml', 'zod'],
  bin: ['aws-cdk-lib', 'cdk-nag'],
};
