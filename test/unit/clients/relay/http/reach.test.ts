import { type Reach, targetOf } from 'tokenrelay/http/reach.ts';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import { describe, expect, it } from 'vitest';

function isWithin(reach: Reach, url: string): boolean {
  try {
    targetOf(url, reach);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SourceFailure);
    return false;
  }
}

const METADATA = [
  'http://169.254.169.254/latest/api/token',
  'http://169.254.170.2/v2/credentials',
  'http://169.254.170.23/v1/credentials',
  'http://[fd00:ec2::254]/',
  'http://[fd00:ec2::23]/',
  'http://[fd20:ce::254]/',
  'http://metadata.google.internal/computeMetadata/v1/',
];
const LOOPBACK = ['http://127.0.0.1:8080/', 'http://localhost/', 'http://app.localhost/', 'http://[::1]:1/'];

describe('an issuer URL', () => {
  it.each(['https://auth.example.com/', 'https://10.0.0.1/', ...LOOPBACK])('may be %s', (url) => {
    expect([isWithin('issuer', url), isWithin('public', url)]).toEqual([true, true]);
  });

  it.each([
    'http://auth.example.com/',
    'http://10.0.0.1/',
    'http://localhost.example.com/',
    'http://[::2]/',
    'ftp://auth.example.com/',
    'file:///etc/passwd',
    'https://user:pass@auth.example.com/',
    'https://user@auth.example.com/',
    'no URL',
  ])('may not be %s', (url) => {
    expect([isWithin('issuer', url), isWithin('public', url)]).toEqual([false, false]);
  });
});

describe('a public URL', () => {
  it.each([
    'https://169.254.169.254/',
    'https://169.254.0.1/',
    'https://2852039166/',
    'https://0xA9FEA9FE/',
    'https://0xa9.0xfe.0xa9.0xfe/',
    'https://0251.0376.0251.0376/',
    'https://169.254.43518/',
    'https://①⑥⑨.254.169.254/',
    'https://169.254.169.254./',
    'https://[::ffff:169.254.169.254]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[::169.254.169.254]/',
    'https://[64:ff9b::169.254.169.254]/',
    'https://[2002:a9fe:a9fe::]/',
    'https://[fe80::1]/',
    'https://[febf::1]/',
    'https://[fd00:ec2::254]/',
    'https://[fd00:0ec2:0:0::23]/',
    'https://[fd20:ce::254]/',
    'https://168.63.129.16/',
    'https://100.100.100.200/',
    'https://192.0.0.192/',
    'https://metadata.google.internal/',
    'https://METADATA.google.internal./',
    'https://metadata.goog/',
  ])('may not be %s', (url) => {
    expect(isWithin('public', url)).toBe(false);
  });

  it.each(['https://169.253.0.1/', 'https://[fec0::1]/', 'https://[2001:db8::1]/'])('may be %s', (url) => {
    expect(isWithin('public', url)).toBe(true);
  });
});

describe('a metadata URL', () => {
  it.each([...METADATA, ...LOOPBACK])('may be %s', (url) => {
    expect(isWithin('metadata', url)).toBe(true);
    expect(targetOf(url, 'metadata').mayBeProxied).toBe(false);
  });

  it.each([
    'http://169.254.1.1/',
    'http://10.0.0.1/',
    'http://example.com/',
    'https://169.254.169.254/',
  ])('may not be %s', (url) => {
    expect(isWithin('metadata', url)).toBe(false);
  });
});

describe('a proxy', () => {
  it('may be used for an issuer, never for loopback', () => {
    expect(targetOf('https://auth.example.com/', 'public').mayBeProxied).toBe(true);
    for (const url of ['https://localhost/', 'https://127.0.0.1/', 'https://[::1]/']) {
      expect(targetOf(url, 'issuer').mayBeProxied).toBe(false);
    }
  });
});
