import { limits } from '@tvm/contract/limits.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';

/**
 * Returns the token from the argument of a command, or from standard input if the argument is missing or `-`.
 *
 * @param name the name of the argument, for messages
 * @throws {Failure} if the token is missing or malformed
 */
export async function readToken(argument: string | undefined, name = 'TOKEN'): Promise<string> {
  const text = argument !== undefined && argument !== '-' ? argument : await readInput(name);
  const token = text.trim();
  if (token === '') throw usageFailure(`${name} is missing: standard input is empty`, name);
  // The service would accept any text here and report it as inactive.
  if (token.length > limits.tokenLength)
    throw usageFailure(`${name} must have at most ${limits.tokenLength} characters`, name);
  if (!/^[\x21-\x7e]+$/.test(token))
    throw usageFailure(`${name} must not contain spaces, control or non-ASCII characters`, name);
  return token;
}

async function readInput(name: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`Paste the ${name.toLowerCase()}, then press Enter and Ctrl-D:\n`);
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    // Far more than a token has.
    if (text.length > 2 * limits.tokenLength) break;
  }
  return text;
}
