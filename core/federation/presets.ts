import type { ClaimPath, ProofAlgorithm, ReplayRule, RequiredClaim } from './trust-entry.ts';

/** What is known about the proofs of an issuer. */
export interface Preset {
  /** The name of the issuer, for people. */
  title: string;
  /** The issuer's documentation of its claims. */
  page: string;
  issuer: {
    /** The issuer of an entry that names none. */
    default?: string;
    /** Matches every possible issuer. Its groups are values for {@link Preset.fromIssuer}. */
    pattern: RegExp;
    /** The form of an issuer, for messages and the reference page. */
    form: string;
  };
  /** The header `typ`, in lower case. */
  types: string[];
  algorithms: ProofAlgorithm[];
  /** The claims that are never given to another workload, organization or tenant. */
  ids: ClaimPath[];
  /** Whether one issuer serves many organizations, so that an entry must require one of {@link Preset.ids}. */
  shared: boolean;
  /** The id of the organization, if one issuer serves many. */
  organization?: ClaimPath;
  /** The claims that an entry must require, because their values differ in trust. */
  mustState: ClaimPath[];
  /** What every proof must have in addition. */
  fixed: RequiredClaim[];
  /** A claim that must equal, or begin with, a group of the issuer's pattern. */
  fromIssuer?: { path: ClaimPath; group: string; asPrefix?: true };
  /** The mapped subject. */
  subject: string;
  /** The claim that names the running workload. */
  instance?: ClaimPath;
  /** Claims that the workload can choose itself. They cannot be required. */
  chosen: ClaimPath[];
  /** Claims that are text although they look like numbers or booleans; `all` if there are only texts. */
  texts: readonly string[] | 'all';
  /** Default maximum age of a proof, in seconds. */
  maxAge: number;
  replay: ReplayRule;
  /** Set if proofs need no `iss`. */
  withoutIss?: true;
  /** Set if the issuer publishes no discovery document. */
  noDiscovery?: true;
  /** What an operator has to know besides, in sentences. */
  notes: string;
}

const TEN_MINUTES = 600;
const HOUR = 3_600;
const DAY = 86_400;

const ANY_HTTPS = /^https:\/\/\S+$/;

const exactly = (path: ClaimPath, ...values: RequiredClaim['values']): RequiredClaim => ({
  path,
  values,
  prefixes: [],
});

const KUBERNETES = {
  types: ['jwt'],
  algorithms: ['RS256', 'ES256'],
  ids: [['kubernetes.io', 'serviceaccount', 'uid']],
  shared: false,
  mustState: [],
  fixed: [],
  subject: '{sub}',
  instance: ['kubernetes.io', 'pod', 'uid'],
  chosen: [],
  texts: [],
  maxAge: DAY,
  replay: 'allow',
} satisfies Partial<Preset>;

/** The presets by name, as `trust.yaml` names them. */
export const PRESETS = {
  github: {
    title: 'GitHub Actions',
    page: 'https://docs.github.com/en/actions/reference/security/oidc',
    issuer: {
      default: 'https://token.actions.githubusercontent.com',
      pattern:
        /^https:\/\/(token\.actions\.(githubusercontent\.com|[a-z0-9-]+\.ghe\.com)(\/[A-Za-z0-9][A-Za-z0-9-]*)?|[^/\s]+\/_services\/token)$/,
      form: 'https://token.actions.githubusercontent.com, with the slug of an enterprise behind it, https://token.actions.SUBDOMAIN.ghe.com, or https://HOST/_services/token of GitHub Enterprise Server',
    },
    types: ['jwt'],
    algorithms: ['RS256'],
    ids: [['repository_id'], ['repository_owner_id']],
    shared: true,
    organization: ['repository_owner_id'],
    mustState: [],
    fixed: [],
    subject: 'repo:{repository_id}',
    instance: ['run_id'],
    chosen: [['head_ref'], ['workflow']],
    texts: 'all',
    maxAge: TEN_MINUTES,
    replay: 'once',
    notes:
      'Anybody who may push a branch may run a workflow of it: require `environment` or `job_workflow_ref`, and ' +
      '`ref_protected: "true"`, for anything that changes data. `sub` has two forms, of which one names no ids.',
  },
  gitlab: {
    title: 'GitLab CI/CD',
    page: 'https://docs.gitlab.com/ci/secrets/id_token_authentication',
    issuer: { default: 'https://gitlab.com', pattern: ANY_HTTPS, form: 'the https URL of a GitLab server' },
    types: ['jwt'],
    algorithms: ['RS256'],
    ids: [['project_id'], ['namespace_id']],
    shared: true,
    organization: ['namespace_id'],
    mustState: [],
    fixed: [],
    subject: 'project:{project_id}',
    instance: ['job_id'],
    chosen: [],
    texts: [
      'project_id',
      'namespace_id',
      'user_id',
      'pipeline_id',
      'job_id',
      'ref_protected',
      'environment_protected',
      'job_project_id',
      'job_namespace_id',
    ],
    maxAge: HOUR,
    replay: 'allow',
    notes:
      'Since GitLab 18.2.2, `project_id` names the fork in the pipeline of a merge request from a fork; before, it named ' +
      'the target. `job_project_id` always names the target, so it identifies nobody. Require `ref_protected: "true"` for ' +
      'anything that changes data.',
  },
  buildkite: {
    title: 'Buildkite',
    page: 'https://buildkite.com/docs/agent/cli/reference/oidc',
    issuer: {
      default: 'https://agent.buildkite.com',
      pattern: /^https:\/\/agent\.buildkite\.com$/,
      form: 'https://agent.buildkite.com',
    },
    types: ['jwt'],
    algorithms: ['RS256'],
    ids: [['organization_id'], ['pipeline_id']],
    shared: true,
    organization: ['organization_id'],
    mustState: [],
    fixed: [],
    subject: 'pipeline:{pipeline_id}',
    instance: ['job_id'],
    chosen: [['step_key']],
    texts: [],
    maxAge: TEN_MINUTES,
    replay: 'once',
    notes:
      'Request the ids: `buildkite-agent oidc request-token --claim organization_id,pipeline_id`. All organizations share ' +
      'the issuer, and slugs can be given to another organization.',
  },
  circleci: {
    title: 'CircleCI',
    page: 'https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/',
    issuer: {
      pattern: /^https:\/\/oidc\.circleci\.com\/org\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
      form: 'https://oidc.circleci.com/org/ORGANIZATION_ID',
    },
    types: ['jwt'],
    algorithms: ['RS256'],
    ids: [['oidc.circleci.com/project-id']],
    shared: false,
    mustState: [],
    fixed: [exactly(['oidc.circleci.com/ssh-rerun'], false)],
    subject: 'project:{oidc.circleci.com/project-id}',
    chosen: [],
    texts: [],
    maxAge: HOUR,
    replay: 'allow',
    notes:
      'A job that was rerun with SSH is refused, because a person can read its token. If forks get secrets, require ' +
      '`oidc.circleci.com/vcs-origin`. The default audience is the id of the organization, which other services accept ' +
      'too: request a token with `circleci run oidc get` for this service.',
  },
  terraform: {
    title: 'HCP Terraform and Terraform Enterprise',
    page: 'https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens',
    issuer: {
      default: 'https://app.terraform.io',
      pattern: ANY_HTTPS,
      form: 'https://app.terraform.io, or the https URL of Terraform Enterprise',
    },
    types: ['jwt'],
    algorithms: ['RS256'],
    ids: [['terraform_workspace_id'], ['terraform_organization_id'], ['terraform_project_id']],
    shared: true,
    organization: ['terraform_organization_id'],
    mustState: [['terraform_run_phase']],
    fixed: [],
    subject: 'workspace:{terraform_workspace_id}',
    instance: ['terraform_run_id'],
    chosen: [],
    texts: [],
    maxAge: HOUR,
    replay: 'allow',
    notes:
      'Require the phases that may get tokens: a `plan` runs code that nobody has approved. Two processes of one phase use the same ' +
      'token, so it may be exchanged more than once.',
  },
  kubernetes: {
    ...KUBERNETES,
    title: 'Kubernetes',
    page: 'https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/',
    issuer: { pattern: ANY_HTTPS, form: 'the https URL of a cluster (`--service-account-issuer` of its API server)' },
    notes:
      'Use a projected token with this service as its audience, never the default one. `sub` is the name of a service ' +
      'account, which can be created again: require `serviceaccount.uid` where that matters.',
  },
  eks: {
    ...KUBERNETES,
    title: 'Amazon EKS',
    page: 'https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html',
    issuer: {
      pattern:
        /^https:\/\/(oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(\.cn)?|oidc-eks\.[a-z0-9-]+\.api\.(aws|amazonwebservices\.com\.cn))\/id\/[0-9A-F]{32}$/,
      form: 'https://oidc.eks.REGION.amazonaws.com/id/CLUSTER_ID',
    },
    notes:
      'As for Kubernetes. Pods with EKS Pod Identity need no entry: they have an AWS identity, and call `POST /token`.',
  },
  gcp: {
    title: 'Google Cloud',
    page: 'https://cloud.google.com/compute/docs/instances/verifying-instance-identity',
    issuer: {
      default: 'https://accounts.google.com',
      pattern: /^https:\/\/accounts\.google\.com$/,
      form: 'https://accounts.google.com',
    },
    types: ['jwt'],
    algorithms: ['RS256'],
    ids: [['sub'], ['google', 'compute_engine', 'project_number'], ['google', 'compute_engine', 'instance_id']],
    shared: true,
    mustState: [],
    fixed: [],
    subject: '{sub}',
    instance: ['google', 'compute_engine', 'instance_id'],
    chosen: [],
    texts: ['sub', 'azp'],
    maxAge: HOUR,
    replay: 'allow',
    notes:
      '`sub` is the number of the service account; write it in quotes. Its e-mail address can be given to another one. The ' +
      'instance is known only of tokens with `format=full`.',
  },
  azure: {
    title: 'Azure managed identities and Microsoft Entra ID',
    page: 'https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference',
    issuer: {
      pattern:
        /^https:\/\/(login\.microsoftonline\.(com|us)|login\.partner\.microsoftonline\.cn|sts\.windows\.net|sts\.chinacloudapi\.cn)\/(?<tenant>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(\/v2\.0|\/)$/,
      form: 'https://login.microsoftonline.com/TENANT_ID/v2.0, or https://sts.windows.net/TENANT_ID/ (version 1.0)',
    },
    types: ['jwt'],
    algorithms: ['RS256'],
    ids: [['oid'], ['sub']],
    shared: false,
    mustState: [],
    fixed: [],
    fromIssuer: { path: ['tid'], group: 'tenant' },
    subject: '{oid}',
    instance: ['xms_mirid'],
    chosen: [],
    texts: [],
    maxAge: DAY,
    replay: 'allow',
    notes:
      'Every identity of the tenant can get a token for the audience, so policies must name principals. Register the ' +
      'audience as an application of its own.',
  },
  'aws-web-identity': {
    title: 'AWS outbound identity federation (`sts:GetWebIdentityToken`)',
    page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html',
    issuer: {
      pattern: /^https:\/\/[a-z0-9-]+\.tokens\.sts\.([a-z0-9-]+\.)?api\.(aws|amazonwebservices\.com\.cn)$/,
      form: 'https://ID.tokens.sts.global.api.aws, the issuer of one account',
    },
    types: ['jwt'],
    algorithms: ['ES384', 'RS256'],
    ids: [
      ['https://sts.amazonaws.com/', 'aws_account'],
      ['https://sts.amazonaws.com/', 'org_id'],
    ],
    shared: false,
    mustState: [],
    fixed: [],
    subject: '{sub}',
    chosen: [['https://sts.amazonaws.com/', 'request_tags']],
    texts: [],
    maxAge: HOUR,
    replay: 'allow',
    notes:
      '`sub` is the ARN of a role, which has no immutable id. The caller chooses `request_tags`. A workload with an AWS ' +
      'identity in the same partition needs no entry: it calls `POST /token`.',
  },
  spiffe: {
    title: 'SPIFFE JWT-SVIDs',
    page: 'https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md',
    issuer: {
      pattern: /^(?<domain>spiffe:\/\/[a-z0-9._-]+)$/,
      form: 'spiffe://TRUST_DOMAIN',
    },
    types: ['jwt', 'jose'],
    algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
    ids: [],
    shared: false,
    mustState: [],
    fixed: [],
    fromIssuer: { path: ['sub'], group: 'domain', asPrefix: true },
    subject: '{sub}',
    chosen: [],
    texts: [],
    maxAge: HOUR,
    replay: 'allow',
    withoutIss: true,
    noDiscovery: true,
    notes:
      'The issuer is the trust domain, and `keys` its bundle. A JWT-SVID needs neither `iss` nor `kid`, so a request must ' +
      'name the entry by `client_id`.',
  },
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

/** Returns a preset by its name. */
export function presetOf(name: PresetName): Preset {
  return PRESETS[name];
}

/** The names of all presets. */
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];
