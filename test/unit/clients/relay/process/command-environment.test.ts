import { commandEnvironment } from 'tokenrelay/process/command-environment.ts';
import { expect, it } from 'vitest';

it('gives a command PATH, HOME, LANG and the named variables, and nothing else', () => {
  const env = { PATH: '/bin', HOME: '/root', LANG: 'C', CLIENT_SECRET: 's3cret', AWS_REGION: 'eu-central-1' };
  expect(commandEnvironment(env)).toEqual({ PATH: '/bin', HOME: '/root', LANG: 'C' });
  expect(commandEnvironment(env, ['AWS_REGION', 'ABSENT'])).toEqual({
    PATH: '/bin',
    HOME: '/root',
    LANG: 'C',
    AWS_REGION: 'eu-central-1',
  });
  expect(commandEnvironment({})).toEqual({ PATH: '/usr/local/bin:/usr/bin:/bin' });
});
