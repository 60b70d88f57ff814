import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromIni } from '@aws-sdk/credential-provider-ini';
import fc from 'fast-check';
import { render } from 'tokenrelay/outputs/render.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEndlessToken, aToken, END, settingsOf } from '../a-token.ts';

const aws = settingsOf({ format: 'aws-credentials' });
const keys = { access_key_id: 'ASIAEXAMPLE', secret_access_key: 'wJalr/K7MDENG+bPx=', session_token: 'IQoJb3Jp==' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-aws-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the format aws-credentials', () => {
  it('is one profile, with the expiry in a comment', () => {
    expect(render(aws, 'aws', aToken(keys))).toBe(
      `[default]\n# expires ${END}\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = wJalr/K7MDENG+bPx=\n` +
        'aws_session_token = IQoJb3Jp==\n',
    );
  });

  it('works without a session token and without an expiry', () => {
    const { session_token: _, ...lasting } = keys;
    expect(render({ ...aws, profile: 'ci' }, 'aws', anEndlessToken(lasting))).toBe(
      '[ci]\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = wJalr/K7MDENG+bPx=\n',
    );
  });

  it('states the expiry of expired credentials that their source wants to be used', () => {
    const token = { ...anEndlessToken(keys), expiredAt: Date.parse(END) };
    expect(render(aws, 'aws', token)).toBe(render(aws, 'aws', aToken(keys)));
  });

  it.each(['access_key_id', 'secret_access_key'])('refuses a token without %s', (name) => {
    const token = aToken(Object.fromEntries(Object.entries(keys).filter(([key]) => key !== name)));
    expect(() => render(aws, 'aws', token)).toThrow(
      `it has no value "${name}", which the format aws-credentials needs`,
    );
  });

  it.each(
    Object.keys(keys).flatMap((name) =>
      ['hidden\n[other]', 'hidden # x', 'hidden]', 'hid den', ''].map((text) => [name, text]),
    ),
  )('refuses in %s a character that AWS keys do not have: %j', (name, text) => {
    const refusal = () => render(aws, 'aws', aToken({ ...keys, [name]: text }));
    expect(refusal).toThrow(`its value "${name}" has characters that an AWS key cannot have`);
    expect(refusal).not.toThrow('hidden');
  });

  it('round-trips through the AWS SDK', async () => {
    const file = join(folder, 'credentials');
    const key = fc.stringMatching(/^[\w+/=.-]{1,40}$/);
    const profile = fc.stringMatching(/^[A-Za-z][\w.-]{0,30}$/);
    await fc.assert(
      fc.asyncProperty(key, key, key, profile, async (id, secret, session, name) => {
        const values = { access_key_id: id, secret_access_key: secret, session_token: session };
        writeFileSync(file, render({ ...aws, profile: name }, 'aws', aToken(values)));
        const read = fromIni({ profile: name, filepath: file, configFilepath: '/dev/null', ignoreCache: true });
        expect(await read()).toMatchObject({ accessKeyId: id, secretAccessKey: secret, sessionToken: session });
      }),
    );
  });
});
