import { faultDetails, unexpectedFailure } from 'tokenrelay/failure.ts';
import { describe, expect, it } from 'vitest';

const SECRET = 'one-very-secret-token';

function caught(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    return error;
  }
  throw new Error('it should have failed');
}

describe('an unexpected error', () => {
  it('is reported with its type and location, never with its message', () => {
    const fault = caught(() => JSON.parse(SECRET));
    const details = faultDetails(fault);
    expect(details.name).toBe('SyntaxError');
    expect(details.at[0]).toMatch(/^at JSON\.parse/);
    expect(JSON.stringify(details)).not.toContain('one-');
    expect(unexpectedFailure(fault).message).toMatch(/^unexpected error \(SyntaxError, at JSON\.parse/);
  });

  it('is reported without a line of its message that looks like a location', () => {
    const fault = new Error(`first\n    at ${SECRET}`);
    expect(JSON.stringify(faultDetails(fault))).not.toContain(SECRET);
  });

  it('is reported with its system error code', () => {
    const fault = Object.assign(new Error(SECRET), { code: 'EMFILE' });
    expect(unexpectedFailure(fault).message).toMatch(/^unexpected error \(Error EMFILE, /);
  });

  it('may be a thrown value that is not an Error', () => {
    expect(faultDetails(SECRET)).toEqual({ name: 'string', at: [] });
  });
});
