import { writeFileSync } from 'node:fs';
import { maskedFile } from 'tokenrelay/check/masked-file.ts';
import { trySources } from 'tokenrelay/check/try-sources.ts';
import { parseConfiguration } from 'tokenrelay/config/read-configuration.ts';
import { loadSourceKinds } from 'tokenrelay/sources/kinds.ts';
import { describe, expect, it } from 'vitest';
import { useFolder } from '../outputs/a-folder.ts';

await loadSourceKinds();

const path = useFolder();
const SECRET = 'correct-horse-battery';

async function tried(tokens: object[]) {
  const file = path('config.yaml');
  const text = JSON.stringify({ tokens });
  writeFileSync(file, text, { mode: 0o600 });
  return await trySources(parseConfiguration(text, file, {}).configuration, file, {});
}

/** A token from a command. */
function printed(name: string, text: string, more: object = {}) {
  writeFileSync(path(name), text);
  return { name, type: 'exec', source: { command: ['/bin/cat', path(name)] }, ...more };
}

describe('a trial of sources', () => {
  it('shows every value masked, and writes nothing', async () => {
    const output = ['raw', 'json', 'env'].map((format) => ({ file_path: path(`out.${format}`), format }));
    const template = '{{ token | base64 }} {{ token | url }} {{ token | json }}';
    output.push({ file_path: path('out.template'), format: 'template', template } as (typeof output)[number]);
    const [trial] = await tried([printed('a', SECRET, { output })]);
    expect(trial?.failure).toBeUndefined();
    const mask = '•••• (21 characters)';
    expect(trial?.outputs.map(({ content }) => content.trim())).toEqual([
      mask,
      `{"token":"${mask}"}`,
      `A=${mask}`,
      expect.stringMatching(/^•••• \(21 characters\) •••• \(21 characters\) "?•••• \(21 characters\)"?$/),
    ]);
    expect(JSON.stringify(trial)).not.toContain(SECRET);
    expect(() => writeFileSync(path('out.raw'), '', { flag: 'wx' })).not.toThrow();
  });

  it('tries a token after the tokens that it depends on, and only if they were fetched', async () => {
    const needing = (name: string, token: string) => ({
      name,
      type: 'oauth2_client_credentials',
      source: { endpoint: 'http://127.0.0.1:9/token', client_id: 'x', client_secret: { token } },
    });
    const empty = printed('empty', '');
    const trials = await tried([needing('b', 'a'), needing('c', 'empty'), empty, printed('a', SECRET)]);
    expect(trials.map(({ name }) => name)).toEqual(['b', 'c', 'empty', 'a']);
    expect(trials[0]?.failure).toContain('127.0.0.1:9');
    expect(trials[1]?.failure).toBe('it depends on the token empty, which could not be fetched');
    expect(trials[2]?.failure).toEqual(expect.any(String));
    expect(trials[3]).toEqual({ name: 'a', type: 'exec', outputs: [] });
  });

  it('fails if the format cannot represent the token', async () => {
    const json = JSON.stringify({ values: { a: `${SECRET}\nLD_PRELOAD=1`, b: 'x' } });
    const output = { file_path: path('out'), format: 'env' };
    const token = printed('a', json, { output });
    const [trial] = await tried([{ ...token, source: { ...token.source, format: 'json' } }]);
    expect(trial?.failure).toContain('one of its lines assigns a variable');
    expect(JSON.stringify(trial)).not.toContain(SECRET);
  });

  it('reports the expiry', async () => {
    const token = printed('a', JSON.stringify({ token: SECRET, expires_in: 60 }));
    const before = Date.now();
    const [trial] = await tried([{ ...token, source: { ...token.source, format: 'json' } }]);
    expect(trial?.expiresAt).toBeGreaterThanOrEqual(before + 59_000);
    expect(trial?.expiresAt).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it('distinguishes many values of a token', () => {
    const values = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`v${at}`, 'x'.repeat(at + 1)]));
    const text = maskedFile({ file_path: '/x', format: 'json' }, 'a', { values, fetchedAt: 0 });
    expect(Object.values(JSON.parse(text))).toEqual(
      Object.values(values).map((value) => `•••• (${value.length} characters)`),
    );
  });
});
