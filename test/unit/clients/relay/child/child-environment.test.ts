import { childEnvironment, tokenVariables } from 'tokenrelay/child/child-environment.ts';
import type { Configuration } from 'tokenrelay/config/configuration.ts';
import type { Token } from 'tokenrelay/model/token.ts';
import { describe, expect, it } from 'vitest';

const held = (tokens: Record<string, Record<string, string>>) => ({
  current: (name: string): Token | undefined =>
    tokens[name] === undefined ? undefined : { values: tokens[name], fetchedAt: 0 },
});

// Only the positions of secret references matter here, not the types of the sources.
const configured = (tokens: object[], other: object = {}) => ({ tokens, ...other }) as unknown as Configuration;

describe('the environment of a child', () => {
  it('is the agent’s environment, with the tokens', () => {
    const env = { PATH: '/bin', LANG: 'C', MY_APP: 'old' };
    expect(childEnvironment(env, configured([]), { MY_APP: 'new' })).toEqual({
      PATH: '/bin',
      LANG: 'C',
      MY_APP: 'new',
    });
  });

  it('lacks variables that the configuration uses as secrets', () => {
    const configuration = configured(
      [{ name: 'a', source: { client_secret: { env: 'CLIENT_SECRET' }, headers: [{ value: { env: 'API_KEY' } }] } }],
      { cache: { key: { env: 'CACHE_KEY' } } },
    );
    const env = { CLIENT_SECRET: 'c', API_KEY: 'a', CACHE_KEY: 'k', REGION: 'eu' };
    expect(childEnvironment(env, configuration, {})).toEqual({ REGION: 'eu' });
  });

  it('lacks variables that are passed to a token command', () => {
    const configuration = configured([{ type: 'exec', source: { command: ['/bin/a'], environment: ['API_KEY'] } }], {
      exec: { environment: ['a'] },
    });
    expect(childEnvironment({ API_KEY: 'k', a: 'kept' }, configuration, {})).toEqual({ a: 'kept' });
  });

  it('keeps AWS endpoint variables that are passed to a token command, unless they are secrets', () => {
    const environment = ['AWS_REGION', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_STS', 'AWS_PROFILE', 'PATH', 'MY_REGION'];
    const source = { command: ['/bin/a'], environment };
    const env = Object.fromEntries(environment.map((name) => [name, 'x']));
    const kept = ['AWS_REGION', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_STS', 'PATH'];
    expect(Object.keys(childEnvironment(env, configured([{ type: 'exec', source }]), {}))).toEqual(kept);
    const named = configured([{ type: 'exec', source: { ...source, client_secret: { env: 'AWS_REGION' } } }]);
    expect(Object.keys(childEnvironment(env, named, {}))).toEqual(kept.slice(1));
  });

  it('lacks the agent’s AWS credentials', () => {
    const env = {
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'session',
      AWS_SECURITY_TOKEN: 'session',
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'bearer',
      AWS_REGION: 'eu-central-1',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9797/',
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/run/app/aws',
    };
    expect(Object.keys(childEnvironment(env, configured([]), {}))).toEqual([
      'AWS_REGION',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
      'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    ]);
  });

  it('has AWS keys from a token instead of the agent’s', () => {
    const env = { AWS_ACCESS_KEY_ID: 'agent', AWS_SECRET_ACCESS_KEY: 'agent' };
    expect(childEnvironment(env, configured([]), { AWS_ACCESS_KEY_ID: 'child' })).toEqual({
      AWS_ACCESS_KEY_ID: 'child',
    });
  });

  it('lacks variables that systemd set for the agent', () => {
    const env = {
      NOTIFY_SOCKET: '/run/systemd/notify',
      WATCHDOG_USEC: '1',
      WATCHDOG_PID: '1',
      CREDENTIALS_DIRECTORY: '/run/credentials/tokenrelay.service',
      LISTEN_FDS: '1',
      LISTEN_PID: '1',
      LISTEN_FDNAMES: 'a',
      LISTENER: 'kept',
      JOURNAL_STREAM: '8:1',
    };
    expect(Object.keys(childEnvironment(env, configured([]), {}))).toEqual(['LISTENER', 'JOURNAL_STREAM']);
  });

  it('lacks a declared variable that is part of an inline secret, and keeps other declared variables', () => {
    const configuration = configured([{ source: { client_secret: { insecure_inline: 'xhunter2x' } } }], {
      variables: ['INLINE', 'REGION', 'EMPTY'],
    });
    const env = { INLINE: 'hunter2', REGION: 'eu', EMPTY: '' };
    expect(childEnvironment(env, configuration, {})).toEqual({ REGION: 'eu', EMPTY: '' });
  });
});

describe('tokens as variables', () => {
  it('have the names of a file of format env', () => {
    const tokens = held({ 'my-app': { token: 't' }, db: { username: 'u', password: 'p' } });
    const configuration = configured([{ name: 'my-app' }, { name: 'db' }]);
    expect(tokenVariables(['my-app', 'db'], configuration, tokens)).toEqual({
      MY_APP: 't',
      USERNAME: 'u',
      PASSWORD: 'p',
    });
  });

  it('have the names from the token’s own output of format env', () => {
    const output = [{ format: 'json' }, { format: 'env', variables: { DB_USER: 'username', DB_PASS: 'password' } }];
    const configuration = configured([{ name: 'db', output }]);
    const tokens = held({ db: { username: 'u', password: 'p' } });
    expect(tokenVariables(['db'], configuration, tokens)).toEqual({ DB_USER: 'u', DB_PASS: 'p' });
  });

  it('keep a newline, which an environment can contain', () => {
    expect(tokenVariables(['a'], configured([{ name: 'a' }]), held({ a: { token: 'x\ny' } }))).toEqual({ A: 'x\ny' });
  });

  it('are undefined while one of the tokens is missing', () => {
    expect(tokenVariables(['a', 'b'], configured([]), held({ a: { token: 't' } }))).toBeUndefined();
  });

  it.each([
    [
      'two tokens have the same variable',
      { 'a.b': { token: 'secret1' }, 'a-b': { token: 'secret2' } },
      /a\.b and a-b .*A_B/,
    ],
    ['a value has a NUL', { a: { pin: 'secret1\0', b: 'x' } }, /^token a cannot .*: PIN contains a NUL/],
    ['a name would change how programs run', { a: { ld_preload: 'secret1', b: 'x' } }, /^token a .*LD_PRELOAD/],
  ])('are refused if %s, without their values in the error', (_case, tokens, sentence) => {
    const names = Object.keys(tokens);
    const make = () => tokenVariables(names, configured(names.map((name) => ({ name }))), held(tokens));
    expect(make).toThrow(sentence);
    expect(make).not.toThrow(/secret/);
  });
});
