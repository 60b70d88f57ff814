import { limits } from '@tvm/contract/limits.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';

/**
 * Returns the token from the argument of a command, or from standard input if the argument is missing or `-`.
 *
 * @throws {Failure} if the token is missing or malformed
 */
export async function readToken(argument: string | undefined): Promise<string> {
  const text = argument !== undefined && argument !== '-' ? argument : await readInput();
  const token = text.trim();
  if (token === '') throw usageFailure('TOKEN is missing: standard input is empty', 'TOKEN');
  // The service would accept any text here and report it as inactive.
  if (token.length > limits.tokenLength)
    throw usageFailure(`TOKEN must have at most ${limits.tokenLength} characters`, 'TOKEN');
  if (!/^[\x21-\x7e]+$/.test(token))
    throw usageFailure('TOKEN must not contain spaces, control or non-ASCII characters', 'TOKEN');
  return token;
}

async function readInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste the token, then press Enter and Ctrl-D:\n');
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    // Far more than a token has.
    if (text.length > 2 * limits.tokenLength) break;
  }
  return text;
}
