import type { SourceFile } from '../model/finding.ts';
import { mapping, textOf } from '../model/values.ts';
import type { CredentialRule } from './check.ts';

/** What a secret looks like, whatever its name. */
interface Shape {
  /** For messages, as in `a token of GitHub`. */
  called: string;
  /** Sticks to nothing before it, so that a search is done in one pass; the first group, or all, is the secret. */
  pattern: RegExp;
}

/** A rule that finds such shapes in the text, and in the values of Secrets. */
function shapes(
  rule: Omit<CredentialRule, 'severity' | 'inText' | 'inKubernetes'>,
  known: readonly Shape[],
): CredentialRule {
  return {
    ...rule,
    severity: 'error',
    inText: (text) => find(text, known).map(({ offset, called }) => ({ offset, message: `${called} is written out` })),
    inKubernetes: ({ kind, title, value }) => {
      if (kind !== 'Secret') return [];
      const data = mapping(value.data);
      return Object.keys(data).flatMap((key) => {
        const decoded = Buffer.from(textOf(data[key]) ?? '', 'base64').toString('latin1');
        return find(decoded, known).map(({ called }) => ({
          in: data,
          key,
          message: `${title} holds ${called} under "${key}"`,
        }));
      });
    },
  };
}

function find(text: string, known: readonly Shape[]) {
  return known.flatMap(({ called, pattern }) =>
    [...text.matchAll(pattern)]
      .filter(([whole, secret = whole]) => !isExample(secret))
      .map(({ index }) => ({ offset: index, called })),
  );
}

// AWS writes EXAMPLE into the keys of its documentation; others repeat one character.
function isExample(secret: string): boolean {
  return /EXAMPLE/.test(secret) || new Set(secret.replace(/^[a-z]+[_-]/i, '')).size < 5;
}

function configMap(value: string): SourceFile {
  return {
    name: 'config.yaml',
    text: `apiVersion: v1
kind: ConfigMap
metadata:
  name: example
data:
  settings: "${value}"
`,
  };
}

/** Put together here, so that no search for secrets stumbles over this file. */
function example(...parts: string[]): SourceFile {
  return configMap(parts.join(''));
}

const AWS_KEYS: readonly Shape[] = [
  { called: 'an AWS access key id', pattern: /(?<![A-Za-z0-9])AKIA[A-Z0-9]{16}(?![A-Za-z0-9])/g },
  {
    called: 'an AWS secret access key',
    pattern:
      /secret_?-?(?:access_?-?)?key["']?\s{0,40}(?::|=|,|\s)\s{0,40}(?:["']?value["']?\s{0,40}:\s{0,40})?["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
  },
];

const PRIVATE_KEYS: readonly Shape[] = [
  {
    called: 'a private key',
    pattern: /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\s\\nr"',+]{0,60}[A-Za-z0-9+/=]{40}/g,
  },
];

const TOKENS: readonly Shape[] = [
  { called: 'a token of GitHub', pattern: /(?<!\w)gh[pousr]_[A-Za-z0-9]{36,255}(?!\w)/g },
  { called: 'a token of GitHub', pattern: /(?<!\w)github_pat_\w{40,255}(?!\w)/g },
  { called: 'a token of GitLab', pattern: /(?<![\w-])glpat-[\w-]{20,64}(?![\w-])/g },
  { called: 'a token of Slack', pattern: /(?<![\w-])xox[abeoprs]-[\w-]{20,255}(?![\w-])/g },
  { called: 'a token of npm', pattern: /(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)/g },
  { called: 'a key of Stripe', pattern: /(?<!\w)[rs]k_live_[A-Za-z0-9]{20,255}(?!\w)/g },
  { called: 'a JWT', pattern: /(?<![\w.-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/g },
];

const awsAccessKey = shapes(
  {
    id: 'credentials/aws-access-key',
    title: 'an AWS access key',
    why: 'It is in the repository’s history for good, and works from anywhere until it is deactivated.',
    instead: 'Deactivate the key. Let the workload take on a role: IAM Roles for Service Accounts, Pod Identity, OIDC.',
    failing: example('AKIA', 'QWERTYUIOPASDFGH'),
    passing: configMap('AKIAIOSFODNN7EXAMPLE'),
  },
  AWS_KEYS,
);

const privateKey = shapes(
  {
    id: 'credentials/private-key',
    title: 'a private key',
    why: 'Whoever reads the repository, or its history, is whoever the key stands for.',
    instead: 'Make a new key. Keep it in a secret store, or in KMS, from where it is read at run time.',
    failing: example('-----BEGIN ', 'PRIVATE KEY-----\\n', 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg'),
    passing: configMap('-----BEGIN PUBLIC KEY-----'),
  },
  PRIVATE_KEYS,
);

const accessToken = shapes(
  {
    id: 'credentials/access-token',
    title: 'an access token',
    why: 'It is in the repository’s history for good, and whoever has it acts as its owner.',
    instead: 'Revoke the token. Read a new one at run time from a secret store, or ask for one that ends.',
    failing: example('gh', 'p_', 'aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789'),
    passing: configMap('ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'),
  },
  TOKENS,
);

/** Every shape of a secret. */
export const knownShapes: readonly Shape[] = [...AWS_KEYS, ...PRIVATE_KEYS, ...TOKENS];

/** Secrets that are known by their looks. */
export const knownSecretRules = [awsAccessKey, privateKey, accessToken];
