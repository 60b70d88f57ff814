import { PRESET_NAMES, type PresetName, presetOf } from '@tvm/core/federation/presets.ts';
import { verifyProof } from '@tvm/core/federation/verify-proof.ts';
import { describe, expect, it } from 'vitest';
import { issuerKey, keysOf, NOW, SERVICE, signedProof, trustEntry } from '#test/support/proofs.ts';

interface Example {
  /** The settings of the entry. */
  entry: string;
  header?: object;
  /** A token with the claims of the issuer's documentation. */
  token: Record<string, unknown>;
  subject: string;
  session?: string;
  /** A change of each pinned claim, and the claim that a refusal names. */
  changes: [claim: string, change: Record<string, unknown>][];
}

const UUID = '0184990a-477b-4fa8-9968-496074483cee';
const OTHER = '0184990a-4782-42b5-afc1-16715b10b8ff';
const aws = {
  aws_account: '123456789012',
  source_region: 'us-east-1',
  org_id: 'o-abc1234567',
  principal_tags: { environment: 'production' },
  lambda_source_function_arn: 'arn:aws:lambda:us-east-1:123456789012:function:process-data',
  request_tags: { 'job-id': 'job-2024-001' },
};
const compute = {
  instance_creation_timestamp: 1496953116,
  instance_id: '152986662232938449',
  instance_name: 'example',
  project_id: 'my-project',
  project_number: 739419398126,
  zone: 'us-west1-a',
};
const kubernetes = {
  namespace: 'prod',
  node: { name: 'node-1', uid: '646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1' },
  pod: { name: 'orders-7d9', uid: '5e0bd49b-f040-43b0-99b7-22765a53f7f3' },
  serviceaccount: { name: 'orders', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
};

const EXAMPLES: Record<PresetName, Example> = {
  github: {
    entry: 'require: { repository_id: "1104004353", environment: production, ref_protected: "true" }',
    header: { typ: 'JWT', x5t: 'ykNaY4qM_ta4k2TgZOCEYLkcYlA' },
    token: {
      actor: 'octocat',
      actor_id: '1492007',
      base_ref: '',
      check_run_id: '56363837828',
      environment: 'production',
      event_name: 'workflow_dispatch',
      head_ref: '',
      iss: 'https://token.actions.githubusercontent.com',
      job_workflow_ref: 'octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main',
      job_workflow_sha: '15a5ebfa3fb5ddf10c4b4250e14496bec7f03a56',
      jti: '6cf8862b-b832-4372-9998-22026ecd21a1',
      nbf: NOW - 300,
      ref: 'refs/heads/main',
      ref_protected: 'true',
      ref_type: 'branch',
      repository: 'octo-org/octo-repo',
      repository_id: '1104004353',
      repository_owner: 'octo-org',
      repository_owner_id: '46576199',
      repository_visibility: 'public',
      run_attempt: '1',
      run_id: '19677834613',
      run_number: '4',
      runner_environment: 'github-hosted',
      sha: '15a5ebfa3fb5ddf10c4b4250e14496bec7f03a56',
      sub: 'repo:octo-org@46576199/octo-repo@1104004353:environment:production',
      workflow: 'Deploy',
      workflow_ref: 'octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main',
    },
    subject: 'repo:1104004353',
    session: '19677834613',
    changes: [
      ['repository_id', { repository_id: '1104004354' }],
      ['environment', { environment: undefined }],
      ['ref_protected', { ref_protected: true }],
    ],
  },
  gitlab: {
    entry: 'require: { project_id: "20", ref_protected: "true", ref_type: branch }',
    header: { typ: 'JWT' },
    token: {
      namespace_id: '72',
      namespace_path: 'my-group',
      project_id: '20',
      project_path: 'my-group/my-project',
      user_id: '1',
      user_login: 'sample-user',
      user_email: 'sample-user@example.com',
      user_access_level: 'developer',
      job_project_id: '20',
      pipeline_id: '574',
      pipeline_source: 'push',
      job_id: '302',
      ref: 'main',
      ref_type: 'branch',
      ref_path: 'refs/heads/main',
      ref_protected: 'true',
      runner_id: 1,
      runner_environment: 'self-hosted',
      sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
      project_visibility: 'public',
      jti: '235b3a54-b797-45c7-ae9a-f72d7bc6ef5b',
      iss: 'https://gitlab.com',
      nbf: NOW - 6,
      sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
    },
    subject: 'project:20',
    session: '302',
    changes: [
      // The pipeline of a merge request from a fork, which runs in the target project.
      ['project_id', { project_id: '21', job_project_id: '20' }],
      ['ref_protected', { ref_protected: 'false' }],
      ['ref_type', { ref_type: 'tag' }],
    ],
  },
  buildkite: {
    entry: `require: { organization_id: ${UUID}, pipeline_id: ${OTHER} }`,
    header: { typ: 'JWT' },
    token: {
      iss: 'https://agent.buildkite.com',
      sub: 'organization:acme-inc:pipeline:super-duper-app:ref:refs/heads/main:commit:9f3182061f1e2cca4702c368cbc039b7dc9d4485:step:build',
      nbf: NOW - 1,
      organization_slug: 'acme-inc',
      organization_id: UUID,
      pipeline_slug: 'super-duper-app',
      pipeline_id: OTHER,
      build_number: 1,
      build_branch: 'main',
      build_commit: '9f3182061f1e2cca4702c368cbc039b7dc9d4485',
      step_key: 'build',
      job_id: '0184990a-477b-4fa8-9968-496074483c00',
      agent_id: '0184990a-4782-42b5-afc1-16715b10b800',
      runner_environment: 'self-hosted',
    },
    subject: `pipeline:${OTHER}`,
    session: '0184990a-477b-4fa8-9968-496074483c00',
    changes: [
      ['organization_id', { organization_id: OTHER }],
      // Both ids have to be requested.
      ['organization_id', { organization_id: undefined }],
      ['pipeline_id', { pipeline_id: UUID }],
    ],
  },
  circleci: {
    entry: `issuer: https://oidc.circleci.com/org/${UUID}\n  require: { oidc.circleci.com/project-id: ${OTHER} }`,
    token: {
      iss: `https://oidc.circleci.com/org/${UUID}`,
      sub: `org/${UUID}/project/${OTHER}/user/${UUID}`,
      'oidc.circleci.com/project-id': OTHER,
      'oidc.circleci.com/vcs-origin': 'github.com/organization-123/repo-1',
      'oidc.circleci.com/vcs-ref': 'refs/heads/main',
      'oidc.circleci.com/context-ids': [UUID],
      'oidc.circleci.com/ssh-rerun': false,
    },
    subject: `project:${OTHER}`,
    changes: [
      ['"oidc.circleci.com/project-id"', { 'oidc.circleci.com/project-id': UUID }],
      ['"oidc.circleci.com/ssh-rerun"', { 'oidc.circleci.com/ssh-rerun': true }],
      ['"oidc.circleci.com/ssh-rerun"', { 'oidc.circleci.com/ssh-rerun': undefined }],
      ['iss', { iss: `https://oidc.circleci.com/org/${OTHER}` }],
    ],
  },
  terraform: {
    entry:
      'require: { terraform_organization_id: org-GRNbCjYNpBB6NEH9, terraform_workspace_id: ws-mbsd5E3Ktt5Rg2Xm, terraform_run_phase: apply }',
    header: { typ: 'JWT' },
    token: {
      jti: '1192426d-b525-4fde-9d42-f238be437bbd',
      iss: 'https://app.terraform.io',
      nbf: NOW - 5,
      sub: 'organization:my-org:project:Default Project:workspace:my-workspace:run_phase:apply',
      terraform_organization_id: 'org-GRNbCjYNpBB6NEH9',
      terraform_organization_name: 'my-org',
      terraform_project_id: 'prj-vegSA59s1XPwMr2t',
      terraform_project_name: 'Default Project',
      terraform_workspace_id: 'ws-mbsd5E3Ktt5Rg2Xm',
      terraform_workspace_name: 'my-workspace',
      terraform_full_workspace: 'organization:my-org:project:Default Project:workspace:my-workspace',
      terraform_run_id: 'run-X3n1AUXNGWbfECsJ',
      terraform_run_phase: 'apply',
    },
    subject: 'workspace:ws-mbsd5E3Ktt5Rg2Xm',
    session: 'run-X3n1AUXNGWbfECsJ',
    changes: [
      ['terraform_organization_id', { terraform_organization_id: 'org-other' }],
      ['terraform_workspace_id', { terraform_workspace_id: 'ws-other' }],
      ['terraform_run_phase', { terraform_run_phase: 'plan' }],
    ],
  },
  kubernetes: {
    entry: 'issuer: https://cluster.example.com\n  require: { kubernetes.io: { namespace: prod } }',
    token: {
      iss: 'https://cluster.example.com',
      jti: '8d2f1d1e-4d2b-4d3a-8d3e-0d7a3f9c1b2a',
      'kubernetes.io': kubernetes,
      nbf: NOW - 1,
      sub: 'system:serviceaccount:prod:orders',
    },
    subject: 'system:serviceaccount:prod:orders',
    session: kubernetes.pod.uid,
    changes: [['kubernetes.io.namespace', { 'kubernetes.io': { ...kubernetes, namespace: 'test' } }]],
  },
  eks: {
    entry: `issuer: https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF
  require: { kubernetes.io: { serviceaccount: { uid: ${kubernetes.serviceaccount.uid} } } }`,
    token: {
      iss: 'https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF',
      'kubernetes.io': kubernetes,
      nbf: NOW - 1,
      sub: 'system:serviceaccount:prod:orders',
    },
    subject: 'system:serviceaccount:prod:orders',
    session: kubernetes.pod.uid,
    changes: [
      [
        'kubernetes.io.serviceaccount.uid',
        { 'kubernetes.io': { ...kubernetes, serviceaccount: { name: 'orders', uid: UUID } } },
      ],
      ['iss', { iss: 'https://oidc.eks.us-east-1.amazonaws.com/id/FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF' }],
    ],
  },
  gcp: {
    entry:
      'require: { sub: "112179062720391305885", google: { compute_engine: { project_number: 739419398126 } } }\n  claims: [email]',
    header: { typ: 'JWT' },
    token: {
      iss: 'https://accounts.google.com',
      sub: '112179062720391305885',
      azp: '112179062720391305885',
      email: 'example@my-project.iam.gserviceaccount.com',
      email_verified: true,
      google: { compute_engine: compute },
    },
    subject: '112179062720391305885',
    session: compute.instance_id,
    changes: [
      ['sub', { sub: '112179062720391305886' }],
      ['google.compute_engine.project_number', { google: { compute_engine: { ...compute, project_number: 1 } } }],
      ['email_verified', { email_verified: false }],
    ],
  },
  azure: {
    entry: `issuer: https://login.microsoftonline.com/${UUID}/v2.0\n  audience: api://tvm\n  require: { oid: ${OTHER} }`,
    header: { typ: 'JWT', x5t: 'abc' },
    token: {
      aud: 'api://tvm',
      iss: `https://login.microsoftonline.com/${UUID}/v2.0`,
      aio: 'E2NgYGhX',
      azp: OTHER,
      azpacr: '2',
      nbf: NOW - 300,
      oid: OTHER,
      sub: OTHER,
      tid: UUID,
      uti: 'aBcDeF',
      ver: '2.0',
      xms_mirid: '/subscriptions/x/resourcegroups/y/providers/Microsoft.Compute/virtualMachines/z',
    },
    subject: OTHER,
    session: '/subscriptions/x/resourcegroups/y/providers/Microsoft.Compute/virtualMachines/z',
    changes: [
      ['oid', { oid: UUID }],
      ['tid', { tid: OTHER }],
      ['aud', { aud: SERVICE }],
    ],
  },
  'aws-web-identity': {
    entry: `issuer: https://abc123-def456-ghi789-jkl012.tokens.sts.global.api.aws
  require: { sub: "arn:aws:iam::123456789012:role/DataProcessingRole", "https://sts.amazonaws.com/": { aws_account: "123456789012" } }`,
    token: {
      iss: 'https://abc123-def456-ghi789-jkl012.tokens.sts.global.api.aws',
      sub: 'arn:aws:iam::123456789012:role/DataProcessingRole',
      jti: 'xyz123-def456-ghi789-jkl012',
      'https://sts.amazonaws.com/': aws,
    },
    subject: 'arn:aws:iam::123456789012:role/DataProcessingRole',
    changes: [
      ['sub', { sub: 'arn:aws:iam::123456789012:role/Other' }],
      [
        '"https://sts.amazonaws.com/".aws_account',
        { 'https://sts.amazonaws.com/': { ...aws, aws_account: '210987654321' } },
      ],
    ],
  },
  spiffe: {
    entry: 'issuer: spiffe://example.org\n  keys: { jwks_url: https://bundle.example.org }',
    header: { kid: undefined },
    token: { sub: 'spiffe://example.org/ns/prod/sa/orders', iat: undefined },
    subject: 'spiffe://example.org/ns/prod/sa/orders',
    changes: [
      ['sub', { sub: 'spiffe://example.org.evil.example/ns/prod/sa/orders' }],
      ['sub', { sub: 'spiffe://other.example/orders' }],
      ['sub', { sub: 'spiffe://example.org' }],
    ],
  },
};

describe.each(PRESET_NAMES)('the preset %s', (preset) => {
  const { entry: settings, header = {}, token, subject, session, changes } = EXAMPLES[preset];
  const { entry } = trustEntry(`e:\n  preset: ${preset}\n  ${settings}\n`);
  const algorithm = entry.algorithms[0] ?? 'RS256';
  const key = issuerKey(algorithm);
  const verify = (change: object) => {
    const claims = { aud: SERVICE, exp: NOW + 300, iat: NOW, ...token, ...change };
    const proof = signedProof({ alg: algorithm, kid: key.jwk.kid, ...header }, claims, key);
    return verifyProof(proof, { name: 'e', entry, service: SERVICE, now: NOW * 1000 }, keysOf(key));
  };

  it('accepts a token as its documentation shows it', async () => {
    const outcome = await verify({});
    expect(outcome.ok ? outcome.caller : outcome.failed).toMatchObject({ subject: `e:${subject}`, trust: 'e' });
    expect(outcome.ok && outcome.caller.session).toBe(session);
  });

  it.each(changes)('names %s if it is another: %j', async (claim, change) => {
    const outcome = await verify(change);
    expect(outcome.ok ? 'accepted' : outcome.failed.claim).toBe(claim);
  });

  it('matches its own default issuer, and cites a page', () => {
    const { issuer, page } = presetOf(preset);
    expect(issuer.default === undefined || issuer.pattern.test(issuer.default)).toBe(true);
    expect(URL.parse(page)?.protocol).toBe('https:');
  });
});
