import { limits } from '../../contract/limits.ts';
import { usageFailure } from './failure.ts';

/**
 * The token that a command is about: its argument or, without one or with `-`, standard input.
 *
 * @throws {Failure} when standard input holds none
 */
export async function readToken(argument: string | undefined): Promise<string> {
  if (argument !== undefined && argument !== '-') return argument.trim();
  if (process.stdin.isTTY) process.stderr.write('Paste the token, then press Enter and Ctrl-D:\n');
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    // Far more than a token: the contract's schema says so.
    if (text.length > 2 * limits.tokenLength) break;
  }
  if (text.trim() === '') throw usageFailure('TOKEN is missing: standard input held none', 'TOKEN');
  return text.trim();
}
