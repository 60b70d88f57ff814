import { dependencies } from 'tokenrelay/config/dependencies.ts';
import { parseConfiguration } from 'tokenrelay/config/read-configuration.ts';
import { loadSourceKinds } from 'tokenrelay/sources/kinds.ts';
import { describe, expect, it } from 'vitest';
import { aToken, faultsOf, withToken } from './faults-of.ts';

await loadSourceKinds();

const oauth = (name: string, secret: string) =>
  `{ name: ${name}, type: oauth2_client_credentials, source: { endpoint: https://x.example, client_id: x, client_secret: ${secret} } }`;

describe('checks across parts of a configuration', () => {
  it('accept a valid configuration', () => {
    const text = [
      `tokens: [${aToken}, ${oauth('b', '{ token: a }')}]`,
      'endpoints:',
      '  - { protocol: tokens, listen: { unix: /run/x/s }, tokens: [a, b] }',
      '  - { protocol: monitoring, listen: "127.0.0.1:0" }',
      '  - { protocol: monitoring, listen: "127.0.0.1:0" }',
      'exec: { environment: [], on_renewal: { signal: SIGHUP } }',
    ].join('\n');
    expect(faultsOf(text)).toEqual([]);
    expect(dependencies(parseConfiguration(text, '/x', {}).configuration)).toEqual(
      new Map([
        ['a', []],
        ['b', ['a']],
      ]),
    );
  });

  it.each<[string, string, string[]]>([
    [
      'two tokens with the same name',
      `tokens: [${aToken}, ${aToken}]`,
      ['tokens[1].name is already the name of tokens[0].name'],
    ],
    [
      'a secret of a token that does not exist',
      `tokens: [${oauth('b', '{ token: c }')}]`,
      ['tokens[0].source.client_secret.token is not the name of a token'],
    ],
    [
      'a secret of the token itself',
      `tokens: [${oauth('b', '{ token: b }')}]`,
      ['tokens[0].source.client_secret.token is the token itself'],
    ],
    [
      'secrets in a cycle',
      `tokens: [${oauth('b', '{ token: c }')}, ${oauth('c', '{ token: b }')}, ${oauth('d', '{ token: c }')}]`,
      [
        'tokens[0].source.client_secret.token depends on this token',
        'tokens[1].source.client_secret.token depends on this token',
      ],
    ],
    [
      'both forms of a secret',
      `tokens: [${aToken}]\ncache: { path: /x, key_path: /k, key: { file: /k } }`,
      ['cache.key and key_path must not both be given'],
    ],
    [
      'endpoints with unknown tokens',
      `tokens: [${aToken}]\nendpoints:\n  - { protocol: tokens, listen: { unix: /s }, tokens: [a, z] }\n  - { protocol: gcp-metadata, listen: "127.0.0.1:1", token: z, user_ids: [1] }\n  - { protocol: azure-managed-identity, listen: "127.0.0.1:2", header_file: { path: /h }, resources: { r: z } }`,
      [
        'endpoints[0].tokens[1] is not the name',
        'endpoints[1].token is not the name',
        'endpoints[2].resources.r is not the name',
      ],
    ],
    [
      'a child with unknown tokens',
      `tokens: [${aToken}]\nexec: { environment: [z] }`,
      ['exec.environment[0] is not the name'],
    ],
    [
      'a signal for an environment',
      `tokens: [${aToken}]\nexec: { environment: [a], on_renewal: { signal: SIGHUP } }`,
      ['exec.environment must be [] when on_renewal is a signal: a signal cannot change'],
    ],
    [
      'two outputs with the same path under two names',
      withToken('output: [{ file_path: /run/x/t, format: raw }, { file_path: /var/run/x/t, format: json }]'),
      ['tokens[0].output[1].file_path is the same as tokens[0].output[0].file_path'],
    ],
    [
      'a socket, a secret file and a cache at the path of an output',
      `${withToken('output: { file_path: /t, format: raw }')}\ncontrol: { socket: /t }\ncache: { path: /t, key_path: /k }\nendpoints: [{ protocol: tokens-tcp, listen: "127.0.0.1:1", bearer_file: { path: /t } }]`,
      ['control.socket is the same as', 'cache.path is the same as', 'endpoints[0].bearer_file.path is the same as'],
    ],
    [
      'an output at the path of the configuration',
      withToken('output: { file_path: /etc/tokenrelay/config.yaml, format: raw }'),
      ['tokens[0].output.file_path is the same as the configuration itself'],
    ],
    [
      'two endpoints at the same address',
      `tokens: [${aToken}]\nendpoints: [{ protocol: monitoring, listen: "127.0.0.1:9797" }, { protocol: monitoring, listen: "127.0.0.1:09797" }]`,
      ['endpoints[1].listen is the same as endpoints[0].listen'],
    ],
    [
      'a template without a text',
      withToken('output: { file_path: /t, format: template }'),
      ['tokens[0].output.template is missing'],
    ],
    [
      'an invalid template',
      withToken('output: { file_path: /t, format: template, template: "{{ token }}" }'),
      ['tokens[0].output.template has {{'],
    ],
    [
      'keys of another format',
      withToken('output: { file_path: /t, format: raw, template: x, variables: { A: b }, profile: p }'),
      [
        'tokens[0].output.template is allowed only for format template',
        'tokens[0].output.variables is allowed only for format env',
        'tokens[0].output.profile is allowed only for format aws-credentials',
      ],
    ],
    [
      'a file that looks fresh after its expiry',
      withToken('output: { file_path: /t, format: env, at_expiry: keep }'),
      ['tokens[0].output.at_expiry may be keep only for format json'],
    ],
    [
      'a cache without a key',
      `tokens: [${aToken}]\ncache: { path: /x }`,
      ['cache.key_path is missing: the path of a file with a key'],
    ],
    [
      'a cache whose key is a token',
      `tokens: [${aToken}]\ncache: { path: /x, key: { token: a } }`,
      ['cache.key.token cannot be the key: the cache is read before any token is fetched'],
    ],
    ...(
      [
        ['proxy_user: u', 'proxy_password_path is missing: proxy_user needs it'],
        ['proxy_password: { env: P }', 'proxy_user is missing: proxy_password needs it'],
        ['proxy_user: u, proxy_password_path: /p', 'proxy is missing: proxy_user needs it'],
        [
          'proxy: "http://proxy:1", proxy_user: "a:b", proxy_password_path: /p',
          'proxy_user must be a user name without a colon',
        ],
        ['proxy: "http://u:s3cret@proxy:1"', 'proxy must be the http or https URL of a proxy'],
      ] as const
    ).map(
      ([settings, fault]) =>
        [
          `of a proxy ${settings}`,
          `tokens: [{ name: a, type: http, source: { url: https://x.example, ${settings} } }]`,
          [`tokens[0].source.${fault}`],
        ] as [string, string, string[]],
    ),
    [
      'an identity token that does not exist',
      `tokens: [${aToken}]\nendpoints: [{ protocol: gcp-metadata, listen: "127.0.0.1:1", token: a, user_ids: [1], identity_tokens: { https://x.example: a, https://y.example: b } }]`,
      ['endpoints[0].identity_tokens."https://y.example" is not the name of a token in this file'],
    ],
    [
      'a variable that shells evaluate',
      withToken('output: { file_path: /t, format: env, variables: { RANDOM: token, path: token, PATH: token } }'),
      [
        'tokens[0].output.variables.RANDOM must have another name: shells evaluate this variable',
        'tokens[0].output.variables.path must have another name',
      ],
    ],
    [
      'AWS keys as one bearer token',
      'tokens: [{ name: a, type: aws_instance_profile, source: {}, output: { file_path: /t, format: raw } }]',
      ['tokens[0].output.format must not be raw, which is one bearer token: this source returns access_key_id'],
    ],
    [
      'a bearer token as AWS keys, or with names that it does not have',
      `tokens: [{ name: a, type: gcp_service_account, source: {}, output: [${[
        '{ file_path: /1, format: aws-credentials }',
        '{ file_path: /2, format: env, variables: { token: APP_TOKEN } }',
        '{ file_path: /3, format: template, template: "{{ tokn | json }}" }',
        '{ file_path: /4, format: env, variables: { APP: token } }',
        '{ file_path: /5, format: template, template: "{{ token | json }} {{ expiration_timestamp | raw }}" }',
      ].join(', ')}] }]`,
      [
        'tokens[0].output[0].format must not be aws-credentials: this source returns token',
        'tokens[0].output[1].variables.token must be a value of the token, such as VARIABLE: token',
        'tokens[0].output[2].template has a placeholder for an unknown value; the values are token, expiration_timestamp',
      ],
    ],
  ])('refuses %s', (_, text, faults) => {
    expect(faultsOf(text)).toEqual(faults.map((fault) => expect.stringContaining(fault)));
  });
});
