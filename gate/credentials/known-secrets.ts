import type { SourceFile } from '../model/finding.ts';
import { mapping, textOf } from '../model/values.ts';
import type { CredentialRule } from './check.ts';

/** The format of a secret that is recognized without a name. */
interface Shape {
  /** The name in messages, as in `a GitHub token`. */
  called: string;
  /** The first group, or the whole match, is the secret. Does not start with a quantifier, so the search takes one pass. */
  pattern: RegExp;
}

/** Returns a rule that finds secrets of these formats in the text and in the values of Secrets. */
function shapes(
  rule: Omit<CredentialRule, 'severity' | 'inText' | 'inKubernetes'>,
  known: readonly Shape[],
): CredentialRule {
  return {
    ...rule,
    severity: 'error',
    inText: (text) => find(text, known).map(({ offset, called }) => ({ offset, message: `${called} is in the file` })),
    inKubernetes: ({ kind, title, value }) => {
      if (kind !== 'Secret') return [];
      const data = mapping(value.data);
      return Object.keys(data).flatMap((key) => {
        const decoded = Buffer.from(textOf(data[key]) ?? '', 'base64').toString('latin1');
        return find(decoded, known).map(({ called }) => ({
          in: data,
          key,
          message: `${title} contains ${called} in "${key}"`,
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

// AWS writes EXAMPLE into the keys in its documentation. Other documentation repeats one character.
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

/** Joins the parts of an example secret. They are separate so that secret scanners do not report this file. */
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
  { called: 'a GitHub token', pattern: /(?<!\w)gh[pousr]_[A-Za-z0-9]{36,255}(?!\w)/g },
  { called: 'a GitHub token', pattern: /(?<!\w)github_pat_\w{40,255}(?!\w)/g },
  { called: 'a GitLab token', pattern: /(?<![\w-])glpat-[\w-]{20,64}(?![\w-])/g },
  { called: 'a Slack token', pattern: /(?<![\w-])xox[abeoprs]-[\w-]{20,255}(?![\w-])/g },
  { called: 'an npm token', pattern: /(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)/g },
  { called: 'a Stripe key', pattern: /(?<!\w)[rs]k_live_[A-Za-z0-9]{20,255}(?!\w)/g },
  { called: 'a JWT', pattern: /(?<![\w.-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/g },
];

const awsAccessKey = shapes(
  {
    id: 'credentials/aws-access-key',
    title: 'an AWS access key',
    why: 'The key stays in the history of the repository and works from anywhere until it is deactivated.',
    instead: 'Deactivate the key. Let the workload assume a role: IAM Roles for Service Accounts, Pod Identity, OIDC.',
    failing: example('AKIA', 'QWERTYUIOPASDFGH'),
    passing: configMap('AKIAIOSFODNN7EXAMPLE'),
  },
  AWS_KEYS,
);

const privateKey = shapes(
  {
    id: 'credentials/private-key',
    title: 'a private key',
    why: 'Everyone who can read the repository or its history can impersonate the owner of the key.',
    instead: 'Create a new key. Store it in a secret store or in KMS, and read it at run time.',
    failing: example('-----BEGIN ', 'PRIVATE KEY-----\\n', 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg'),
    passing: configMap('-----BEGIN PUBLIC KEY-----'),
  },
  PRIVATE_KEYS,
);

const accessToken = shapes(
  {
    id: 'credentials/access-token',
    title: 'an access token',
    why: 'The token stays in the history of the repository, and everyone who can read it can act as its owner.',
    instead: 'Revoke the token. Read a new one from a secret store at run time, or use one that expires.',
    failing: example('gh', 'p_', 'aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789'),
    passing: configMap('ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'),
  },
  TOKENS,
);

/** The formats of all known secrets. */
export const knownShapes: readonly Shape[] = [...AWS_KEYS, ...PRIVATE_KEYS, ...TOKENS];

/** The rules about secrets that are recognized by their format. */
export const knownSecretRules = [awsAccessKey, privateKey, accessToken];
