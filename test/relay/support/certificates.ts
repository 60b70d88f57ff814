import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, in PEM. */
export interface Identity {
  cert: string;
  key: string;
}

/** The content of a certificate. */
export interface Subject {
  /** The certificate's DNS names. */
  names?: string[];
  /** The certificate's IPv4 addresses. */
  addresses?: string[];
  /** In milliseconds since the epoch. Default: tomorrow. */
  expiresAt?: number;
}

/**
 * Creates a certificate authority for a test: X.509 in DER (RFC 5280). Node can read certificates but not create them.
 */
export function certificateAuthority(name: string): { cert: string; issue(subject: Subject): Identity } {
  const { privateKey, publicKey } = keyPair();
  // basicConstraints, critical: this certificate is an authority.
  const isAuthority = extension('2.5.29.19', sequence(tlv(0x01, Buffer.from([0xff]))), true);
  const cert = certificate(name, name, publicKey, privateKey, tomorrow(), isAuthority);
  return {
    cert,
    issue({ names = [], addresses = [], expiresAt = tomorrow() }) {
      const own = keyPair();
      const alternatives = [
        ...names.map((each) => tlv(0x82, Buffer.from(each))),
        ...addresses.map((each) => tlv(0x87, Buffer.from(each.split('.').map(Number)))),
      ];
      const subject = names[0] ?? 'client';
      return {
        cert: certificate(
          name,
          subject,
          own.publicKey,
          privateKey,
          expiresAt,
          alternatives.length === 0 ? undefined : extension('2.5.29.17', sequence(...alternatives)),
        ),
        key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

const DAY = 86_400_000;
const tomorrow = () => Date.now() + DAY;
const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

function certificate(
  issuer: string,
  subject: string,
  key: KeyObject,
  issuerKey: KeyObject,
  expiresAt: number,
  extra: Buffer | undefined,
): string {
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const content = sequence(
    tlv(0xa0, integer(2)),
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(moment(expiresAt - 30 * DAY), moment(expiresAt)),
    nameOf(subject),
    key.export({ type: 'spki', format: 'der' }),
    ...(extra === undefined ? [] : [tlv(0xa3, sequence(extra))]),
  );
  const signature = sign('sha256', content, issuerKey);
  const der = sequence(content, ecdsaWithSha256, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function nameOf(text: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(text)))));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [tlv(0x01, Buffer.from([0xff]))] : []), tlv(0x04, value));
}

function moment(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tlv(0x17, Buffer.from(digits.slice(2)));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = rest.flatMap((part) => {
    const septets = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) septets.unshift((left & 0x7f) | 0x80);
    return septets;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function integer(small: number): Buffer {
  return tlv(0x02, Buffer.from([small]));
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
