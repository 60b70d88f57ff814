import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Credentials } from '@tvm/api/signature.ts';

const run = promisify(execFile);

export interface CurlAnswer {
  status: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

/**
 * Calls TVM with curl, as the README describes.
 *
 * @param signer the signer for `--aws-sigv4`; absent for an unsigned request
 * @param args additional arguments of curl
 */
export async function curl(
  url: string,
  signer?: Credentials & { region: string },
  ...args: string[]
): Promise<CurlAnswer> {
  const signing = signer
    ? [
        '--aws-sigv4',
        `aws:amz:${signer.region}:execute-api`,
        '--user',
        `${signer.accessKeyId}:${signer.secretAccessKey}`,
        ...(signer.sessionToken ? ['-H', `x-amz-security-token: ${signer.sessionToken}`] : []),
      ]
    : [];
  const always = ['--silent', '--show-error', '--include', '--max-time', '20'];
  const { stdout } = await run('curl', [...always, ...signing, ...args, url]).catch((error: { stderr: string }) => {
    // The error itself contains the command line, which contains the secret key.
    throw new Error(error.stderr);
  });
  const split = stdout.indexOf('\r\n\r\n');
  const [statusLine = '', ...headerLines] = stdout.slice(0, split).split('\r\n');
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(
      headerLines.map((line) => [line.split(':')[0]?.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    ),
    body: JSON.parse(stdout.slice(split + 4) || '{}'),
  };
}

/**
 * Returns `--data-urlencode` arguments for form parameters. Objects are encoded as JSON and undefined values are
 * omitted.
 */
export function formData(parameters: Record<string, unknown>): string[] {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return given.flatMap(([name, value]) => [
    '--data-urlencode',
    `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  ]);
}
