import { render } from 'tokenrelay/outputs/render.ts';
import { describe, expect, it } from 'vitest';
import { aToken, settingsOf } from '../a-token.ts';

const raw = settingsOf({ format: 'raw' });

describe('the format raw', () => {
  it('is the bearer token alone, without a newline', () => {
    expect(render(raw, 'api', aToken({ token: 'abc' }))).toBe('abc');
  });

  it.each([
    ['several values', { token: 'hidden-1', other: 'hidden-2' }],
    ['one value with another name', { password: 'hidden-1' }],
  ])('refuses %s, without any value in the error', (_what, values) => {
    expect(() => render(raw, 'api', aToken(values))).toThrow(
      /^token api cannot be written to \/run\/tokenrelay\/out: it is not a single bearer token, which the format raw needs$/,
    );
  });
});
