import { describe, expect, it } from 'vitest';
import { readTrust, trustEntry } from '#test/support/proofs.ts';

const problemsOf = (text: string) => readTrust(text).problems.join('\n');
const github = (more: string) => `github:\n  preset: github\n  require: { repository_id: "1" }\n${more}`;
const okta = (more: string) => `okta:\n  oidc:\n    issuer: https://acme.okta.com\n${more}`;

describe('trust.yaml', () => {
  it('compiles a preset with its defaults', () => {
    const { name, entry } = trustEntry(github('  claims: [repository_id, environment, head_ref]\n'));
    expect(name).toBe('github');
    expect(entry).toEqual({
      kind: 'issuer',
      preset: 'github',
      issuer: 'https://token.actions.githubusercontent.com',
      keys: { from: 'discovery' },
      algorithms: ['RS256'],
      types: ['jwt'],
      require: [{ path: ['repository_id'], values: ['1'], prefixes: [] }],
      subject: ['repo:', ['repository_id']],
      claims: { repository_id: { path: ['repository_id'] }, environment: { path: ['environment'] } },
      chosenClaims: { head_ref: ['head_ref'] },
      instance: ['run_id'],
      maxAge: 600,
      outliveProof: false,
      from: [],
      replay: 'once',
      disabled: false,
    });
    expect(JSON.parse(JSON.stringify(entry))).toEqual(entry);
  });

  it('compiles an issuer in full', () => {
    const { entry } = trustEntry(`okta:
  oidc:
    issuer: https://acme.okta.com/oauth2/default
    audience: api://tvm
    keys: { jwks_url: https://keys.example.com/jwks?v=1 }
    algorithms: [ES256, RS256]
    require:
      realm/access: { roles: [deployer, "ops-*"] }
      tenant: 7
      verified: true
    subject: user:{sub}
    claims: { project: [example.com/project, id] }
    max_age: 30m
    outlive_proof: true
    from: [office]
    replay: per-audience
    disabled: true
`);
    expect(entry).toMatchObject({
      kind: 'issuer',
      audience: 'api://tvm',
      keys: { from: 'url', url: 'https://keys.example.com/jwks?v=1' },
      algorithms: ['ES256', 'RS256'],
      require: [
        { path: ['realm/access', 'roles'], values: ['deployer'], prefixes: ['ops-'] },
        { path: ['tenant'], values: [7], prefixes: [] },
        { path: ['verified'], values: [true], prefixes: [] },
      ],
      subject: ['user:', ['sub']],
      claims: { project: { path: ['example.com/project', 'id'] } },
      maxAge: 1800,
      outliveProof: true,
      from: ['office'],
      replay: 'per-audience',
      disabled: true,
    });
    expect(entry.preset).toBeUndefined();
  });

  it('compiles a client with a key of its own, whose name is its issuer', () => {
    const { entry } = trustEntry('billing:\n  client: { keys: { file: billing.jwks.json } }\n');
    expect(entry).toMatchObject({
      kind: 'client',
      issuer: 'billing',
      keys: { from: 'file', file: 'billing.jwks.json', keys: [] },
      replay: 'once',
      subject: [['sub']],
    });
  });

  it.each([
    ['github', 'require: { repository_id: "1" }'],
    ['github', 'require: { repository_owner_id: ["1", "2"], environment: production, ref: "refs/heads/release-*" }'],
    ['github', 'issuer: https://token.actions.githubusercontent.com/acme\n  require: { repository_id: "1" }'],
    ['gitlab', 'issuer: https://gitlab.example.com\n  require: { namespace_id: "7", ref_protected: "true" }'],
    ['buildkite', 'require: { organization_id: 0184990a-477b-4fa8-9968-496074483cee }'],
    ['circleci', 'issuer: https://oidc.circleci.com/org/0184990a-477b-4fa8-9968-496074483cee'],
    ['terraform', 'require: { terraform_workspace_id: ws-1, terraform_run_phase: [plan, apply] }'],
    ['kubernetes', 'issuer: https://cluster.example.com\n  require: { kubernetes.io: { namespace: prod } }'],
    ['eks', 'issuer: https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF'],
    ['gcp', 'require: { sub: "115113456789012345678" }'],
    ['gcp', 'require: { google: { compute_engine: { project_number: 739419398126 } } }'],
    ['azure', 'issuer: https://sts.windows.net/0184990a-477b-4fa8-9968-496074483cee/'],
    ['azure', 'issuer: https://login.microsoftonline.com/0184990a-477b-4fa8-9968-496074483cee/v2.0'],
    ['aws-web-identity', 'issuer: https://abc123-def456.tokens.sts.global.api.aws'],
    ['spiffe', 'issuer: spiffe://prod.example.com\n  keys: { file: bundle.jwks.json }'],
    [
      'spiffe',
      'issuer: spiffe://a.example\n  keys: { file: a.jwks.json }\n  require: { sub: "spiffe://a.example/prod/*" }',
    ],
    ['kubernetes', 'issuer: https://cluster.example.com\n  require: { sub: "system:serviceaccount:prod:*" }'],
    ['github', 'issuer: https://github.example.com/_services/token\n  require: { repository_id: "1" }'],
    ['azure', 'issuer: https://sts.windows.net/0184990a-477b-4fa8-9968-496074483cee/\n  subject: "{sub}"'],
  ])('accepts the preset %s with %s', (preset, more) => {
    expect(problemsOf(`entry:\n  preset: ${preset}\n  ${more}\n`)).toBe('');
  });

  it.each([
    ['another form of an entry', 'x: 7', /^1: x must have exactly one of preset, oidc and client/],
    ['an empty entry', 'x: {}', /exactly one of preset, oidc and client/],
    ['two forms', 'x: { preset: github, client: { keys: { file: a.jwks.json } } }', /exactly one of/],
    [
      'a field beside oidc',
      'x:\n  oidc: { issuer: https://a.example }\n  audience: a',
      /^3: x.audience must be inside oidc/,
    ],
    ['an unknown preset', 'x: { preset: githab }', /did you mean github\?/],
    ['an unknown key', github('  audiance: a'), /^4: github.audiance is not a known key; did you mean audience\?/],
    ['an unknown key of oidc', okta('    isuer: a'), /did you mean issuer\?/],
    ['a reserved name', 'arn: { preset: github }', /must be a name of at most 32 lower-case letters.*arn/],
    ['a name in upper case', 'GitHub: { preset: github }', /must be a name of at most 32 lower-case letters/],
    [
      'a missing issuer',
      'x: { preset: circleci }',
      /x.issuer is missing; it must be https:\/\/oidc\.circleci\.com\/org/,
    ],
    ['an issuer over http', 'x: { oidc: { issuer: http://idp.example.com } }', /must be the exact issuer/],
    ['an issuer with a wildcard', 'x: { oidc: { issuer: "https://*.example.com" } }', /must be the exact issuer/],
    ['an issuer with a query', 'x: { oidc: { issuer: "https://idp.example.com/?a" } }', /must be the exact issuer/],
    [
      'another issuer of a preset',
      `x: { preset: buildkite, issuer: https://a.example, require: { pipeline_id: a } }`,
      /must be https:\/\/agent\.buildkite\.com/,
    ],
    [
      'a tenant that is not one',
      'x: { preset: azure, issuer: https://login.microsoftonline.com/common/v2.0 }',
      /must be https:\/\/login/,
    ],
    [
      'only names',
      'x: { preset: github, require: { repository: acme/app, sub: "repo:acme/app:*" } }',
      /must name one of repository_id, repository_owner_id/,
    ],
    ['nothing required of a shared issuer', 'x: { preset: gitlab }', /must name one of project_id, namespace_id/],
    [
      'only names of GitHub Enterprise Server, with oidc',
      'x: { oidc: { issuer: https://ghe.example/_services/token, require: { sub: "repo:a/b:ref:c" } } }',
      /must name one of repository_id/,
    ],
    [
      'only names, with oidc',
      'x: { oidc: { issuer: https://token.actions.githubusercontent.com, require: { repository: a/b } } }',
      /must name one of repository_id/,
    ],
    [
      'an id as a number',
      'x: { preset: github, require: { repository_id: 1 } }',
      /repository_id must be text: put it in quotes/,
    ],
    [
      'a text as a boolean',
      github('').replace('"1" }', '"1", ref_protected: true }'),
      /ref_protected must be text: put it in quotes/,
    ],
    [
      'a wildcard over an id',
      'x: { preset: github, require: { repository_id: "12*" } }',
      /repository_id must be exact/,
    ],
    ['a wildcard over a subject', okta('    require: { sub: "user-*" }'), /sub must be exact/],
    ['a wildcard in the middle', okta('    require: { group: "a*b" }'), /must have at most one \*, at its end/],
    ['a wildcard alone', okta('    require: { group: "*" }'), /must have at most one \*/],
    ['two wildcards', okta('    require: { group: "a**" }'), /must have at most one \*/],
    ['no value', okta('    require: { group: [] }'), /must name a value/],
    ['an empty mapping', okta('    require: { group: {} }'), /must name a claim/],
    ['a fraction', okta('    require: { level: 1.5 }'), /must be text, a whole number/],
    ['a null', okta('    require: { level: }'), /must be text, a whole number/],
    [
      'a claim that the caller chooses',
      github('').replace('"1" }', '"1", head_ref: main }'),
      /head_ref must be absent: the workload chooses/,
    ],
    [
      'a tag that the caller chooses',
      'x: { preset: aws-web-identity, issuer: https://a.tokens.sts.global.api.aws, require: { "https://sts.amazonaws.com/": { request_tags: { team: a } } } }',
      /must be absent: the workload chooses/,
    ],
    ['a claim with a setting of its own', okta('    require: { aud: a }'), /aud must be absent: use audience/],
    [
      'a phase that is not stated',
      'x: { preset: terraform, require: { terraform_workspace_id: ws-1 } }',
      /terraform_run_phase is missing/,
    ],
    ['a subject without ids', github('  subject: "{repository}"'), /must contain one of repository_id/],
    ["GitHub's sub", github('  subject: "{sub}"'), /must contain one of repository_id/],
    [
      'a subject that the caller chooses',
      github('  subject: "{repository_id}:{head_ref}"'),
      /must not contain a claim that the workload chooses/,
    ],
    ['a subject without claims', okta('    subject: everybody'), /must contain a claim/],
    ['an open brace', okta('    subject: "{sub"'), /must have a } after each {/],
    ['claims without text between', okta('    subject: "{sub}{tenant}"'), /must have text between two claims/],
    ['an HMAC algorithm', okta('    algorithms: [HS256]'), /must be one of RS256/],
    ['no algorithm', okta('    algorithms: [none]'), /must be one of RS256/],
    ['an empty list of algorithms', okta('    algorithms: []'), /must name an algorithm/],
    ['keys over http', okta('    keys: { jwks_url: http://a.example/jwks }'), /must be an https URL/],
    [
      'a key file in another directory',
      okta('    keys: { file: ../a.jwks.json }'),
      /must be the name of a file beside trust\.yaml/,
    ],
    [
      'two sources of keys',
      okta('    keys: { file: a.jwks.json, jwks_url: https://a.example }'),
      /either jwks_url or file/,
    ],
    ['a client without keys', 'x: { client: {} }', /keys is missing/],
    ['a client with discovery', 'x: { client: { keys: discovery } }', /either jwks_url or file/],
    ['a trust domain without keys', 'x: { preset: spiffe, issuer: spiffe://a.example }', /must have jwks_url or file/],
    [
      'a path in a trust domain',
      'x: { preset: spiffe, issuer: spiffe://a.example/x, keys: { file: a.jwks.json } }',
      /must be the exact issuer/,
    ],
    ['an age without unit', okta('    max_age: "900"'), /must be a duration such as "15m"/],
    ['an age that is too long', okta('    max_age: 8d'), /must be at most "7d"/],
    [
      'a claim name that Cedar cannot read',
      okta('    claims: [example.com/id]'),
      /must be a name of letters, digits and _/,
    ],
    ['an empty path', okta('    claims: { id: [] }'), /must be the path of a claim as a list/],
    ['another replay rule', okta('    replay: never'), /must be one of once, per-audience, allow/],
    ['a wildcard in the audience', okta('    audience: "https://*"'), /must be the exact name of one audience/],
    ['a duplicate entry', 'x: { preset: github }\nx: { preset: gitlab }', /duplicate key/],
  ])('refuses %s', (_what, text, problem) => {
    expect(problemsOf(text)).toMatch(problem);
  });

  it('requires a verified address where an address is used', () => {
    const used = ['    require: { email: a@example.com }', '    subject: "{email}"', '    claims: [email]'];
    for (const more of used) {
      const { entry } = trustEntry(okta(`${more}\n`));
      expect(entry.require).toContainEqual({ path: ['email_verified'], values: [true], prefixes: [] });
    }
    expect(trustEntry(okta('    claims: [name]\n')).entry.require).toEqual([]);
  });
});
