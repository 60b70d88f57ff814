import { describe, expect, it } from 'vitest';
import { check, pod, rulesIn, template } from './check.ts';

// The parts are joined here so that secret scanners do not report this file.
const KEY_ID = `AKIA${'QWERTYUIOPASDFGH'}`;
const SECRET = 'abcdefghijABCDEFGHIJ' + '0123456789/+klmnopqr';
const GITHUB = `gh${'p_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789'}`;
const PEM = `-----BEGIN EC ${'PRIVATE KEY'}-----\n${'MHcCAQEEIIa0b1c2d3e4f5A6B7C8D9E0F1a2b3c4d5e6f7'}`;

function configMap(data: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata:\n  settings: |\n    ${data.replaceAll('\n', '\n    ')}\n`;
}

function secret(text: string, type = 'Opaque'): string {
  const value = Buffer.from(text).toString('base64');
  return `{ apiVersion: v1, kind: Secret, metadata: { name: s }, type: ${type}, data: { k: "${value}" } }`;
}

function variable(name: string, value: string): string {
  return pod('', `env: [{ name: ${name}, value: ${JSON.stringify(value)} }]`);
}

describe('credentials in properties of a template', () => {
  const PARAMETERS = "Parameters: { U: { Type: String, Default: admin }, P: { Type: String, Default: '' } }\n";

  it.each([
    [`!Sub '{"username":"\${U}","password":"\${P}"}'`, false],
    [`!If [C, !Sub '{"username":"\${U}","password":"\${P}"}', !Ref AWS::NoValue]`, false],
    [`!Sub '{"username":"\${U}","password":"h7Gk2pQ9xz"}'`, true],
    ['!Ref U', true],
    ["!Sub '${U}'", true],
    ['!Ref P', false],
    ['!If [C, h7Gk2pQ9xz, !Ref AWS::NoValue]', true],
  ])('%s: %s', (value, found) => {
    const text = PARAMETERS + template('AWS::SecretsManager::Secret', `{ SecretString: ${value} }`);
    expect(rulesIn(text)).toEqual(found ? ['credentials/plain-secret'] : []);
  });
});

describe('credentials in generators of a kustomization', () => {
  const generator = (key: string, literal: string) =>
    `{ apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, ${key}: [{ name: a, literals: ["${literal}"] }] }`;

  it.each([
    ['secretGenerator', 'DB_PASSWORD=h7Gk2pQ9xz=', true],
    ['configMapGenerator', 'API_TOKEN=h7Gk2pQ9xzR4', true],
    ['configMapGenerator', 'DATABASE_URL=postgres://app:h7Gk2pQ9xz@db/orders', true],
    ['secretGenerator', 'DB_PASSWORD=${DB_PASSWORD}', false],
    ['configMapGenerator', 'TOKEN_TTL=3600', false],
    ['configMapGenerator', 'DB_PASSWORD', false],
  ])('%s %s: %s', (key, literal, found) => {
    expect(rulesIn(generator(key, literal))).toEqual(found ? ['credentials/plain-secret'] : []);
  });
});

describe('credentials recognized by their format', () => {
  it.each([
    ['an AWS access key id', `aws_access_key_id = ${KEY_ID}`, 'credentials/aws-access-key'],
    ['an AWS secret access key', `AWS_SECRET_ACCESS_KEY=${SECRET}`, 'credentials/aws-access-key'],
    ['an AWS secret in JSON', `"secretAccessKey": "${SECRET}"`, 'credentials/aws-access-key'],
    ['a private key', PEM, 'credentials/private-key'],
    ['a private key on one line', JSON.stringify(PEM), 'credentials/private-key'],
    ['a token of GitHub', GITHUB, 'credentials/access-token'],
    ['a token of Slack', `xo${'xb-123456789012-abcdefABCDEF'}`, 'credentials/access-token'],
    ['a JWT', `ey${'JhbGciOiJFUzI1NiJ9.eyJzdWIiOiJvcmRlcnMifQ.c2lnbmF0dXJlLW9mLWl0'}`, 'credentials/access-token'],
  ])('%s is found and not quoted', (_what, text, rule) => {
    const findings = check(configMap(text));
    expect(findings.map(({ rule }) => rule)).toEqual([rule]);
    expect(findings[0]?.message).toMatch(/^an? [A-Za-z ]+ is in the file$/);
  });

  it.each([
    'AKIAIOSFODNN7EXAMPLE',
    'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    `sha1: ${'0123456789abcdef'.repeat(3).slice(0, 40)}`,
    `S3Key: ${'0f'.repeat(32)}.zip`,
    '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----',
    `-----BEGIN CERTIFICATE-----\n${'MHcCAQEEIIa0b1c2d3e4f5A6B7C8D9E0F1a2b3c4d5e6f7'}`,
    'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  ])('%s is not a credential', (text) => {
    expect(rulesIn(configMap(text))).toEqual([]);
  });

  it('are found in comments, at their line, and can be suppressed there', () => {
    const [finding] = check(`apiVersion: v1\nkind: Namespace\n# ${KEY_ID}\nmetadata: { name: x }\n`);
    expect(finding).toMatchObject({ rule: 'credentials/aws-access-key', line: 3, unit: { start: 0 } });
  });

  it('are found in the base64 data of a Secret', () => {
    expect(rulesIn(secret(PEM)).sort()).toEqual(['credentials/committed-secret', 'credentials/private-key']);
  });

  // A quadratic search of any of these texts would exceed the timeout of the test.
  it('are searched in linear time', () => {
    for (const piece of ['-eyJ', 'secretkey ', 'secretkey="value" ', '-----BEGIN ', 'AKIA', '    ', 'gh_p']) {
      const text = configMap(`${piece.repeat(1_000_000 / piece.length)} ${KEY_ID}`);
      expect(check(text).map(({ rule }) => rule)).toContain('credentials/aws-access-key');
    }
  });
});

describe('secrets recognized by their names', () => {
  it.each([
    ['DB_PASSWORD', 'correct-horse', true],
    ['DB_PASSWORD', 'changeme', true],
    ['apiKey', 'k-29fjr8', true],
    ['GITLAB_TOKEN', 'postgres://u:p@db/orders', true],
    ['DB_PASSWORD', '', false],
    ['DB_PASSWORD', '${DB_PASSWORD}', false],
    ['DB_PASSWORD', '$(DB_PASSWORD)', false],
    ['DB_PASSWORD', '{{ .Values.password }}', false],
    ['DB_PASSWORD', '<your password>', false],
    ['DB_PASSWORD', 'REPLACE_ME', false],
    ['DB_PASSWORD', '********', false],
    ['DB_PASSWORD_FILE', '/run/secrets/db', false],
    ['TLS_SECRET', '/run/secrets/tls', false],
    ['DB_SECRET', 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:db', false],
    ['MAX_TOKEN', '4096', false],
    ['REQUIRE_TOKEN', 'true', false],
    ['WEBHOOK_SECRET', 'webhook-server-cert', false],
    ['DB_SECRET', 'orders-db-credentials', false],
    ['DB_SECRET', 'orders/db', false],
    ['DB_SECRET', 'db-credentials-5hgk2mb6kd', false],
    ['PULL_SECRET', 'regcred', false],
    ['CSRF_TOKEN', 'X-CSRF-Token', false],
    ['REFRESH_TOKEN', 'enabled', false],
    ['START_TOKEN', 'start', false],
    ['MAX_TOKEN', '4096000', false],
    ['WEBHOOK_SECRET', '$webhook.github.secret', false],
    ['DB_PASSWORD', 'orders-db-credentials', true],
    ['DB_PASSWORD', 'enabled', true],
    ['DB_PASSWORD_SECRET', 'prod/orders/database', false],
    ['DB_PASSWORD_SECRET', 'correct-h0rse#7Kq', true],
    ['DB_PASSWORD', 'prod/orders/database', false],
    ['DB_PASSWORD', 'x7/kd82mPq/Zk39', true],
    ['DB_PASSWORD', 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:db', false],
    ['DB_PASSWORD', '{{resolve:ssm-secure:db:1}}', false],
    ['API_KEY', 'Bearer <<Enter your key>>', false],
    ['SLACK_TOKEN', "xoxb-ENTER YOUR BOT'S TOKEN", false],
    ['PRIVATE_KEY', 'horse', true],
    ['DB_PASS', 'horse', true],
    ['ORDERS_PWD', 'horse', true],
    ['PWD', '/app', false],
    ['APP_TOKEN', '3f2a9b7c51d04e68a2c9', true],
    ['APP_TOKEN', 'changeme', true],
    ['SECRET_KEY', 'x7#kd82mPq', true],
    ['ENCRYPTION_KEY', 'Zk39fQm2LxP0', true],
    ['DATABASE_URL', 'postgres://u:pw@db/orders', true],
    ['DATABASE_URL', 'postgres://u:$(PW)@db/orders', false],
    ['DATABASE_URL', 'postgres://u:${PW}@db/orders', false],
    ['DATABASE_URL', 'postgres://u@db:5432/orders', false],
    ['TOKEN_URL', 'https://idp.example.com/token', false],
  ])('%s=%j is a plaintext secret: %s', (name, value, found) => {
    expect(rulesIn(variable(name, value))).toEqual(found ? ['credentials/plain-secret'] : []);
  });

  it.each([
    ['args: ["--password=horse"]', true],
    ['args: [--db-password, horse]', true],
    ['command: [sh, -c, "run --api-key=k-29fjr8 --port=80"]', true],
    ['args: ["postgres://u:pw@db"]', true],
    ['args: ["--password=$(DB_PASSWORD)"]', false],
    ['args: ["--webhook-secret=webhook-server-cert"]', false],
    ['args: [--password, --verbose]', false],
    ['args: ["--password-file=/run/db"]', false],
  ])('in a container with %s: %s', (container, found) => {
    expect(rulesIn(pod('', container))).toEqual(found ? ['credentials/plain-secret'] : []);
  });

  it.each([
    ['DbPassword: { Type: String, NoEcho: true, Default: horse }', true],
    ['DbPasswordParameter: { Type: String, Default: horse }', true],
    ['DbPassword: { Type: String, NoEcho: true }', false],
    ['DbPassword: { Type: String, Default: "" }', false],
    ['DbPassword: { Type: "AWS::SSM::Parameter::Value<String>", Default: db-password }', false],
    ['DbSecretName: { Type: String, Default: orders }', false],
  ])('a template’s parameter %s: %s', (parameter, found) => {
    const text = `AWSTemplateFormatVersion: 2010-09-09\nParameters:\n  ${parameter}\nResources: {}\n`;
    expect(rulesIn(text)).toEqual(found ? ['credentials/plain-secret'] : []);
  });

  it.each([
    ['application.properties', 'spring.datasource.password=Gr4pefruit-77', true],
    ['application.properties', 'spring.datasource.password = Gr4pefruit-77', true],
    ['config.yaml', 'smtp:\n  password: "Gr4pefruit-77" # of the relay', true],
    ['config.json', '{\n  "clientSecret": "x7#kd82mPq",\n  "port": 80 }', true],
    ['.env', 'export DB_PASSWORD=horse', true],
    ['my.cnf', '[client]\npassword=horse', true],
    ['application.properties', '# spring.datasource.password=Gr4pefruit-77', false],
    ['application.properties', 'spring.datasource.password=${DB_PASSWORD}', false],
    ['config.yaml', 'password_file: /run/secrets/db', false],
    ['config.yaml', 'clientSecret: orders-oidc', false],
    ['config.yaml', 'password: <secret>', false],
    ['config.yaml', 'password:\n  from: vault', false],
    ['config.yaml', 'password: $__file{/run/secrets/db}', false],
    ['start.sh', 'PASSWORD=horse', false],
    ['init.lua', 'token = request.headers', false],
    ['nginx.conf', 'proxy_pass http://orders;', false],
  ])('in the file %s of a ConfigMap with %j: %s', (file, text, found) => {
    const data = { [file]: `first: 1\n${text}\n` };
    const object = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data });
    expect(rulesIn(object)).toEqual(found ? ['credentials/plain-secret'] : []);
    expect(JSON.stringify(check(object))).not.toMatch(/Gr4pe|kd82/);
  });

  it.each([
    `user:${'pw9'}@registry.example.com/web`,
    `registry.example.com/web:${GITHUB}`,
  ])('are redacted in messages of other rules: %s', (image) => {
    const messages = check(pod('', `image: "${image}"`)).map(({ message }) => message);
    expect(messages.join()).toContain('***');
    expect(messages.join()).not.toMatch(/pw9|aBcDeFg/);
  });

  it('are never quoted', () => {
    expect(JSON.stringify(check(variable('DB_PASSWORD', 'correct-horse')))).not.toContain('correct');
  });

  it.each([
    ['AWS::Lambda::Function', '{ Environment: { Variables: { DB_PASSWORD: horse-battery } } }', true],
    ['AWS::Lambda::Function', "{ Environment: { Variables: { DB_PASSWORD: '{{resolve:ssm-secure:p}}' } } }", false],
    ['AWS::Lambda::Function', '{ Environment: { Variables: { DB_PASSWORD: !Ref Password } } }', false],
    ['AWS::Lambda::Function', '{ Environment: { Variables: { DB_PASSWORD: !Sub "x-${Password}" } } }', false],
    [
      'AWS::ECS::TaskDefinition',
      '{ ContainerDefinitions: [{ Environment: [{ Name: TOKEN, Value: h0rse-b4ttery-9 }] }] }',
      true,
    ],
    ['AWS::CodeBuild::Project', '{ E: [{ Name: TOKEN, Type: PARAMETER_STORE, Value: ci-token }] }', false],
    ['AWS::RDS::DBCluster', '{ MasterUserPassword: horse-battery }', true],
    ['AWS::Cognito::UserPoolClient', '{ TokenValidityUnits: { AccessToken: hours, IdToken: days } }', false],
    ['AWS::Amplify::App', '{ AccessToken: h0rse-b4ttery-9 }', true],
    ['AWS::RDS::DBCluster', '{ MasterUserPassword: !Join ["", ["{{resolve:secretsmanager:", !Ref S, "}}"]] }', false],
    ['Custom::Thing', '{ ServiceToken: "arn:aws:lambda:eu-central-1:111122223333:function:x" }', false],
  ])('%s %s: %s', (type, properties, found) => {
    expect(rulesIn(template(type, properties))).toEqual(found ? ['credentials/plain-secret'] : []);
  });
});

describe('a Secret with values', () => {
  it.each([
    [secret('horse'), true],
    [secret(''), false],
    [secret('ENC[AES256_GCM,data:x]'), false],
    ['{ apiVersion: v1, kind: Secret, stringData: { k: horse } }', true],
    ['{ apiVersion: v1, kind: Secret, stringData: { k: "${K}" }, data: null }', false],
    ['{ apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, spec: { encryptedData: { k: Ag } } }', false],
  ])('%s is found: %s', (text, found) => {
    expect(rulesIn(text)).toEqual(found ? ['credentials/committed-secret'] : []);
  });
});
