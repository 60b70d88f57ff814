import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';

/** AWS credentials as the credential chain resolves them. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** A request to sign. */
export interface UnsignedRequest {
  method: string;
  url: string;
  /** The headers to send. All of them are signed. */
  headers?: Record<string, string>;
  body?: string;
  /** The name of the service in signatures, such as `execute-api` or `sts`. */
  service: string;
  region: string;
  credentials: Credentials;
}

/**
 * Returns the headers of a request signed with AWS Signature Version 4: the given headers, `host`, `x-amz-date`, `authorization`, and
 * `x-amz-security-token` with temporary credentials. Names are lower-case.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
export async function signedHeaders(request: UnsignedRequest): Promise<Record<string, string>> {
  const { method, headers = {}, body, service, region, credentials } = request;
  // Imported on first use, because many sources of TokenRelay need no signature.
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, applyChecksum: false });
  const { protocol, hostname, host, pathname, searchParams } = new URL(request.url);
  const signed = await signer.sign({
    method,
    protocol,
    hostname,
    path: pathname,
    query: Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)])),
    headers: {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      host,
    },
    ...(body !== undefined && { body }),
  });
  return signed.headers;
}

/** SHA-256, or HMAC-SHA-256 if there is a key, with the interface that the signer expects. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytes(key));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('the hash of a signature cannot be reset');
  }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
