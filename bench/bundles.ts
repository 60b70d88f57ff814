import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CheckFailed } from './check.ts';

/** The deployed code of a function. */
export interface Bundle {
  useCase: string;
  /** The ES module that Lambda imports. */
  entry: string;
  /** Bytes by file name. */
  sizes: Record<string, number>;
  /** The function's environment. Values that only a deployment knows are placeholders. */
  environment: Record<string, string>;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIN = join(ROOT, 'node_modules', '.bin');

/**
 * Synthesizes the app into a temporary folder, passes on its bundles, and removes the folder afterwards.
 *
 * @param issuer the issuer URL in the functions' configuration
 */
export async function withBundles<T>(issuer: string, use: (bundles: Bundle[]) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tvm-bench-'));
  try {
    const context = ['-c', 'stage=local', '-c', `issuer=${issuer}`];
    await promisify(execFile)(join(BIN, 'cdk'), ['synth', '-q', '--no-notices', ...context, '-o', folder], {
      cwd: ROOT,
      env: { ...withoutAws(), PATH: `${BIN}${delimiter}${process.env.PATH}` },
    }).catch(() => {
      throw new CheckFailed('The app cannot be synthesized: run `npx cdk synth -c stage=local` to see why.');
    });
    return await use(bundlesIn(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the environment without AWS variables, which the stage `local` does not need. */
function withoutAws(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const none = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
  return { ...Object.fromEntries(others), ...none, AWS_EC2_METADATA_DISABLED: 'true' };
}

interface FunctionResource {
  Type: string;
  Metadata?: { 'aws:asset:path'?: string };
  Properties: { Environment?: { Variables?: Record<string, unknown> } };
}

function bundlesIn(folder: string): Bundle[] {
  const template = readdirSync(folder).find((name) => name.endsWith('.template.json'));
  if (template === undefined) throw new Error('the synthesized app has no template');
  const { Resources } = JSON.parse(readFileSync(join(folder, template), 'utf8'));
  return (Object.values(Resources) as FunctionResource[]).flatMap(({ Type, Metadata, Properties }) => {
    const variables = Properties.Environment?.Variables ?? {};
    const useCase = variables.POWERTOOLS_SERVICE_NAME;
    const asset = Metadata?.['aws:asset:path'];
    if (Type !== 'AWS::Lambda::Function' || typeof useCase !== 'string' || asset === undefined) return [];
    const code = join(folder, asset);
    return {
      useCase,
      entry: join(code, 'index.mjs'),
      sizes: Object.fromEntries(readdirSync(code).map((name) => [name, statSync(join(code, name)).size])),
      environment: Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value : 'placeholder']),
      ),
    };
  });
}
