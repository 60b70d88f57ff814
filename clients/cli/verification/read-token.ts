import { limits } from '@tvm/contract/limits.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';

/**
 * The token that a command is about: its argument or, without one or with `-`, standard input.
 *
 * @throws {Failure} when there is none, or what is there cannot be one
 */
export async function readToken(argument: string | undefined): Promise<string> {
  const text = argument !== undefined && argument !== '-' ? argument : await readInput();
  const token = text.trim();
  if (token === '') throw usageFailure('TOKEN is missing: standard input held none', 'TOKEN');
  // The service takes anything, and says of what is no token that it is not active.
  if (token.length > limits.tokenLength)
    throw usageFailure(`TOKEN must have at most ${limits.tokenLength} characters`, 'TOKEN');
  if (!/^[\x21-\x7e]+$/.test(token)) throw usageFailure('TOKEN must be a token', 'TOKEN');
  return token;
}

async function readInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste the token, then press Enter and Ctrl-D:\n');
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    // Far more than a token.
    if (text.length > 2 * limits.tokenLength) break;
  }
  return text;
}
