import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseConfiguration, readConfiguration } from 'tokenrelay/config/read-configuration.ts';
import { loadSourceKinds } from 'tokenrelay/sources/kinds.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aToken, faultsOf, withToken } from './faults-of.ts';
import { seed } from './seed.ts';

await loadSourceKinds();

describe('the file of a configuration', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'relay-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const read = (name: string) =>
    readConfiguration(join(folder, name), {}).then(
      ({ configuration }) => configuration,
      ({ faults }) => faults,
    );

  it('is read as first published', async () => {
    writeFileSync(join(folder, 'seed.yaml'), seed);
    const configuration = await read('seed.yaml');
    expect(configuration.log_level).toBe('info');
    expect(configuration.tokens).toMatchObject([
      { name: 'my_app_oauth_token', refresh_interval_minutes: 45, output: { format: 'json', permissions: 0o640 } },
      {
        name: 'vault_db_creds',
        source: { vault_role: 'my-vm-app-role' },
        output: { format: 'env', permissions: 0o600 },
      },
    ]);
  });

  it('may be JSON, indented with tabs', async () => {
    const value = { tokens: [{ name: 'a', type: 'exec', source: { command: ['/bin/true'] } }] };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(value, null, '\t'));
    expect(await read('config.json')).toEqual(value);
  });

  it('may be a link, as in a Kubernetes volume', async () => {
    writeFileSync(join(folder, 'data'), seed);
    symlinkSync('data', join(folder, 'link.yaml'));
    expect(await read('link.yaml')).toHaveProperty('tokens');
  });

  it('is refused above 1 MiB, and read up to it', async () => {
    writeFileSync(join(folder, 'large.yaml'), `${seed}#`.padEnd(1_048_577, 'x'));
    expect(await read('large.yaml')).toEqual(['the file is larger than 1024 KiB']);
    writeFileSync(join(folder, 'large.yaml'), `${seed}#`.padEnd(1_048_576, 'x'));
    expect(await read('large.yaml')).toHaveProperty('tokens');
  });

  it('is refused without waiting if it is a pipe, a folder or missing', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(await read('pipe')).toEqual(['the file is not a regular file']);
    expect(await read('.')).toEqual(['the file is not a regular file']);
    expect(await read('none.yaml')).toEqual(['the file does not exist']);
  });

  it('is refused if it is not UTF-8', async () => {
    writeFileSync(join(folder, 'latin.yaml'), Buffer.from('tokens: \xe9', 'latin1'));
    expect(await read('latin.yaml')).toEqual(['the file is not UTF-8 text']);
  });
});

describe('faults', () => {
  it('are reported all at once, with their positions, in the order of the file', () => {
    const text = [
      'tokens:',
      '  - name: a',
      '    type: exec',
      '    source: { command: [/bin/true] }',
      '    refresh_interval: 4',
      '    output: { file_path: x, format: json }',
      'log_level: loud',
    ].join('\n');
    expect(faultsOf(text)).toEqual([
      'tokens[0].refresh_interval is not known; did you mean refresh_interval_minutes? (line 5, column 5)',
      'tokens[0].output.file_path must be an absolute path, such as /run/tokenrelay/token.json, without . or .. in it (line 6, column 26)',
      'log_level must be debug, info, warn or error (line 7, column 12)',
    ]);
  });

  it('suggest the intended key, without also reporting it as missing', () => {
    const source = 'endpoint: https://a.example, client_id: x, client_secrit: /etc/secret';
    expect(faultsOf(`tokens: [{ name: a, type: oauth2_client_credentials, source: { ${source} } }]`)).toEqual([
      'tokens[0].source.client_secrit is not known; did you mean client_secret_path? (line 1, column 107)',
    ]);
  });

  it('list the known keys if none is similar', () => {
    expect(faultsOf(`tokens: [${aToken}]\nexec: { zzz: 1 }`)).toEqual([
      'exec.zzz is not known; known here are environment, on_renewal, stop_timeout_seconds (line 2, column 9)',
    ]);
  });

  it('say what is expected if a value has the wrong type', () => {
    expect(
      faultsOf(withToken('output: { file_path: 7, format: json }, after_renewal: { action: stop, unit: a.service }')),
    ).toEqual([
      expect.stringContaining('output.file_path must be an absolute path'),
      expect.stringContaining('after_renewal.action must be reload, restart or try-restart'),
    ]);
    const source = (fields: string) =>
      faultsOf(`tokens: [{ name: a, type: gcp_service_account, source: { service_account: ${fields} } }]`)[0];
    expect(source('12')).toContain('service_account must be text: put it in quotes (');
    expect(source('')).toContain('service_account must be text, but it is empty (');
    expect(source('[]')).toContain('service_account must be text (');
    expect(faultsOf(`tokens: [${aToken}]\ncontrol: /run/c.sock`)).toEqual([
      'control must be a mapping of keys to values: socket, permissions, group (line 2, column 10)',
    ]);
    expect(faultsOf(`tokens: [${aToken}]\nendpoints: [{ protocol: monitoring, listen: 9797 }]`)).toEqual([
      expect.stringContaining('endpoints[0].listen must be a loopback address and a port, such as 127.0.0.1:9797'),
    ]);
  });

  it('name what is missing', () => {
    expect(faultsOf('tokens: [{ type: exec, source: { command: [/bin/true] } }]')).toEqual([
      'tokens[0].name is missing; it must be a name (line 1, column 10)',
    ]);
    expect(faultsOf('tokens: [{ name: a, source: {} }]')[0]).toMatch(
      /^tokens\[0\]\.type is missing; it must be one of tvm, oauth2/,
    );
    for (const text of ['', '# nothing but this\n', 'null']) {
      expect(faultsOf(text)).toEqual(['the file is empty; tokenrelay init writes a first configuration']);
    }
  });

  it('are bounded in number', () => {
    const faults = faultsOf(Array.from({ length: 5_000 }, (_, at) => `k${at}: 1\n`).join(''));
    expect(faults).toHaveLength(101);
    expect(faults.at(-1)).toBe('there are 4901 more errors');
  });

  it.each([
    ['0640', 'unquoted'],
    ['0o640', 'octal'],
    ['640', 'decimal'],
  ])('say that permissions must be quoted, in a single output and in a list (%s)', (mode) => {
    const sentence = 'must be in quotes, such as "0640": without quotes YAML reads a different number';
    const output = `{ file_path: /run/x, format: raw, permissions: ${mode} }`;
    expect(faultsOf(withToken(`output: ${output}`))).toEqual([
      expect.stringContaining(`tokens[0].output.permissions ${sentence}`),
    ]);
    expect(faultsOf(withToken(`output: [${output}]`))).toEqual([
      expect.stringContaining(`tokens[0].output[0].permissions ${sentence}`),
    ]);
  });

  it.each([
    ['after_renewal: { signal: SIGFOO, pid_file: /run/x }', 'tokens[0].after_renewal.signal must be SIGHUP'],
    ['after_renewal: { comand: [/bin/true] }', 'tokens[0].after_renewal.comand is not known; did you mean command?'],
    ['after_renewal: [{ signal: SIGHUP }]', 'tokens[0].after_renewal[0] must be { command }, { signal, pid_file }'],
    [
      'after_renewal: { signal: SIGHUP, unit: -Hevil.service }',
      'tokens[0].after_renewal.unit must be the name of a systemd unit',
    ],
    ['after_renewal: 5', 'tokens[0].after_renewal must be { command }'],
    ['output: /run/x', 'tokens[0].output must be a file output, or a list of them'],
    [
      'output: { file_path: /run/x, format: raw, owner: Foo Bar }',
      'tokens[0].output.owner must be the name or the numeric id',
    ],
  ])('of a union are those of the intended form: %s', (more, sentence) => {
    expect(faultsOf(withToken(more))).toEqual([expect.stringContaining(sentence)]);
  });

  it.each([
    'app.svc',
    'App',
    '_apt',
    'app$',
    'DOM\\user',
    'DOM\\Domain Users',
    'user@dom.example',
    'domain users@dom.example',
    'müller',
    '0day',
    'a'.repeat(256),
  ])('are not found in the name of an account: %j', (name) => {
    const group = JSON.stringify(name);
    expect(faultsOf(withToken(`output: { file_path: /run/x, format: raw, owner: ${group}, group: ${group} }`))).toEqual(
      [],
    );
  });

  it.each([
    '',
    ' app',
    'app ',
    '-app',
    '+0',
    '0',
    '1000',
    'a:b',
    'a/b',
    'a\nb',
    'DOM\\a\u0000',
    'DOM\\a\u001b',
    'two words',
    'a'.repeat(257),
  ])('name an account that no machine can have: %j', (name) => {
    const fault = expect.stringContaining('output.group must be the name or the numeric id');
    expect(faultsOf(withToken(`output: { file_path: /run/x, format: raw, group: ${JSON.stringify(name)} }`))).toEqual([
      fault,
    ]);
  });

  it('of an unknown type suggest the nearest', () => {
    expect(faultsOf('tokens: [{ name: a, type: exce, source: {} }]')[0]).toContain('; did you mean exec?');
  });

  it('of a secret in place of a reference say what to write', () => {
    const [fault] = faultsOf(`tokens: [${aToken}]\ncache: { path: /x, key: hunter2 }`);
    expect(fault).toContain(
      'cache.key must be a reference, not the secret itself: use key_path with the path of a file',
    );
  });
});

describe('the text of a configuration', () => {
  it.each([
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replace(/./g, (c) => `${c}: &${c} [${Array(10).fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)}]\n`)}`,
      'is too large with its aliases resolved',
    ],
    [
      'a wide alias bomb',
      `a: &a [${'x,'.repeat(2_000)}]\nb: [${'*a,'.repeat(2_000)}]`,
      'is too large with its aliases resolved',
    ],
    ['an alias of itself', 'tokens: &a [*a]', 'has an alias without an anchor before it'],
    ['an alias of nothing', 'tokens: *secret', 'has an alias without an anchor before it'],
    ['deep nesting', '['.repeat(20_000), 'is'],
    ['a second document', 'tokens: []\n---\ntokens: []', 'has a second document'],
    ['YAML 1.1, in which 0640 is another number', '%YAML 1.1\n---\ntokens: []', 'must be YAML 1.2'],
    ['tags of its own', 'tokens: !own []', 'has a tag that is not supported'],
    ['tags', 'tokens: !!binary aGV5', 'has a tag that is not supported'],
    ['tabs', 'tokens:\n\t- name: a', 'is indented with tabs'],
    ['__proto__', '__proto__: { log_level: debug }', 'has the key __proto__, which is not allowed'],
    ['a key that is a list', '? [a]\n: b', 'has a key that is not text'],
  ])('is refused with %s', (_, text, problem) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(`the file ${problem}`)]);
  });

  it('may use aliases', () => {
    const text = `tokens:\n  - &one { name: a, type: exec, source: &s { command: [/bin/true] } }\n  - { name: b, type: exec, source: *s }`;
    expect(faultsOf(text)).toEqual([]);
  });

  it('is refused with duplicate keys and with merge keys', () => {
    const text = `tokens: [${aToken}]\nlog_level: info\nlog_level: debug`;
    expect(faultsOf(text)).toEqual(['log_level is a duplicate key (line 3, column 12)']);
    expect(faultsOf(`tokens: [{ <<: {}, ${aToken.slice(2)}]`)).toEqual([
      expect.stringContaining('tokens[0].<< is not known'),
    ]);
  });

  it('never crashes the parser', () => {
    const bits = fc.constantFrom(
      'tokens:',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      ': ',
      ', ',
      '"',
      '|',
      '? ',
      '${',
      '}',
      '!!',
      '---\n',
      'name',
      'type: exec',
      'source',
      'output',
      '0640',
      '#',
      '\t',
      'null',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(bits).map((parts) => parts.join('')),
          fc.json(),
        ),
        (text) => {
          for (const fault of faultsOf(text)) expect(fault).toMatch(/^\S/);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('variables', () => {
  const text = (level: string, variables = '[LEVEL]') =>
    `tokens: [${aToken}]\nvariables: ${variables}\nlog_level: "${level}"`;
  const declared = (level: string, env: NodeJS.ProcessEnv) =>
    parseConfiguration(text(level), '/x', env).configuration.log_level;

  it('are replaced once, if they are declared', () => {
    expect(declared(`\${LEVEL}`, { LEVEL: 'debug' })).toBe('debug');
    expect(declared(`d\${LEVEL}g`, { LEVEL: 'ebu' })).toBe('debug');
    const socket = `tokens: [${aToken}]\nvariables: [A]\ncontrol: { socket: "/run/\${A}/$\${A}" }`;
    const { control } = parseConfiguration(socket, '/x', { A: `\${A}` }).configuration;
    expect(control?.socket).toBe(`/run/\${A}/\${A}`);
  });

  it('are refused if they are not declared or not set', () => {
    const undeclared = 'which the list `variables` does not declare';
    expect(faultsOf(text(`\${OTHER}`), { OTHER: 'debug' })).toEqual([
      expect.stringContaining(`log_level has \${OTHER}, ${undeclared}`),
    ]);
    expect(faultsOf(text(`\${LEVEL}`))).toEqual([
      expect.stringContaining(`log_level has \${LEVEL}, but this variable is not set`),
    ]);
    expect(faultsOf(text(`\${LEVEL`), { LEVEL: 'debug' })).toEqual([
      expect.stringContaining(`log_level has a \${ without a closing }`),
    ]);
  });
});

describe('secrets in a configuration', () => {
  it('are allowed inline if that is explicit, with a warning', () => {
    const text = `tokens: [${aToken}]\ncache: { path: /x, key: { insecure_inline: hunter2 } }`;
    const { warnings } = parseConfiguration(text, '/y', {});
    expect(warnings).toEqual([expect.stringContaining('cache.key contains a secret in plain text')]);
    expect(warnings.join()).not.toContain('hunter2');
  });

  it.each([
    'cache: { path: /x, key: SECRET }',
    'cache: { path: /x, key: { insecure_inline: [SECRET] } }',
    `cache: { path: /x, key: { insecure_inline: "\${SECRET}", extra: 1 } }`,
    `cache: { path: /x, key: { insecure_inline: "a\${SECRET" } }`,
    'cache: { path: /x, key: { SECRET } }',
    'cache: { path: /x, key: { SECRET: SECRET } }',
    'cache: { path: /x, key: { fil: SECRET } }',
    'cache: { path: /x, key_path: SECRET, kee: SECRET, SECRET }',
    'cache: { path: /x, key: *SECRET }',
    'cache: { path: /x, key: !SECRET x }',
    'cache: { path: /x, key: "SECRET }',
    'cache: { path: /x, key:SECRET }',
    'cache:\n  key: SECRET: SECRET',
    'log_level: SECRET',
  ])('are not in any message: %s', (line) => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{8,30}$/), (random) => {
        const secret = `Zq${random}`;
        const faults = faultsOf(`tokens: [${aToken}]\n${line.replaceAll('SECRET', secret)}`);
        expect(faults).not.toEqual([]);
        expect(faults.join()).not.toContain(secret);
      }),
      { numRuns: 20 },
    );
  });
});
