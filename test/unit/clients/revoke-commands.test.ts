import { describe, expect, it } from 'vitest';
import { useStubMachine } from './stub-machine.ts';

const machine = useStubMachine();

const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';
const ID = '4a81ca62-404f-430e-871f-5710f1bd1ce7';

describe('tvm revoke', { timeout: 20_000 }, () => {
  it.each([
    ['an argument', [TOKEN], '', { token: TOKEN }],
    ['standard input', [], `${TOKEN}\n`, { token: TOKEN }],
    ['an id', ['--token-id', ID], '', { token_id: ID }],
  ])('takes back a token of one’s own, named by %s', async (_what, args, stdin, body) => {
    const { code, stdout, stderr } = await machine.tvm(['revoke', ...args], { stdin });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'the token is not active any more\n' });
    expect(machine.asked).toMatchObject([{ path: '/v1/revoke', body }]);
  });

  it('says that another’s token was refused', async () => {
    const error = { error: 'invalid_grant', error_description: 'the token was vended to another workload' };
    machine.next = { status: 400, body: { ...error, request_id: 'r-1' } };
    const { code, stderr } = await machine.tvm(['revoke', TOKEN]);
    expect(code).toBe(3);
    expect(stderr).toBe('tvm: refused: the token was vended to another workload (invalid_grant, request r-1)\n');
  });

  it.each([
    [[TOKEN, '--token-id', ID], 'TOKEN or --token-id must be given, one of the two'],
    [['--token-id', '7'], '--token-id must be a token id (a lower-case UUID)'],
    [['--subject', 'arn'], '--subject is for operators: tvm revoke-any --subject ARN'],
  ])('faults %j', async (args, sentence) => {
    const { code, stderr } = await machine.tvm(['revoke', ...args]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `tvm: ${sentence}\n` });
    expect(machine.asked).toEqual([]);
  });
});

describe('tvm revoke-any', { timeout: 20_000 }, () => {
  it('takes back every token of a subject and says how many', async () => {
    machine.next = { body: { revoked: 2 } };
    const subject = 'arn:aws:iam::123456789012:role/orders-service';
    const { code, stdout, stderr } = await machine.tvm(['revoke-any', '--subject', subject, '--reason', 'incident 42']);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'revoked 2 tokens\n' });
    expect(machine.asked).toMatchObject([{ path: '/v1/revocations', body: { subject, reason: 'incident 42' } }]);
  });

  it('takes back one token by its id', async () => {
    machine.next = { body: { revoked: 1 } };
    const { stdout } = await machine.tvm(['revoke-any', '--token-id', ID, '--output', 'json']);
    expect(JSON.parse(stdout)).toEqual({ revoked: 1 });
    expect(machine.asked[0]?.body).toEqual({ token_id: ID });
  });

  it('faults a call that names neither', async () => {
    const { code, stderr } = await machine.tvm(['revoke-any']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'tvm: --token-id or --subject must be given, one of the two\n',
    });
  });
});
