/** Errors of OpenSSL for a certificate whose issuer is not trusted: X509_V_ERR_… in openssl-verification-options(1). */
const UNKNOWN_ISSUER = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'refused the connection',
  ENOTFOUND: 'is not a known host name',
  EAI_AGAIN: 'could not be resolved: no name server responded',
  ETIMEDOUT: 'did not answer',
  EHOSTUNREACH: 'cannot be reached from here',
  ENETUNREACH: 'cannot be reached from here',
  ECONNRESET: 'closed the connection before its response was complete',
  EPIPE: 'closed the connection before its response was complete',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  CERT_NOT_YET_VALID: 'has a certificate that is not valid yet',
  CERT_REVOKED: 'has a certificate that was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'requires a client certificate',
  HPE_HEADER_OVERFLOW: 'sent headers that are too large',
  ERR_INVALID_CHAR: 'was not contacted, because a header contains a line break or another control character',
};

/**
 * Describes why a connection or response failed, as the end of a sentence that starts with the host. Omits the error's own
 * message, which may contain parts of the request.
 *
 * @param caFile the configured file with the trusted authorities
 */
export function reasonInWords(error: unknown, caFile?: string): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? 'no reason given';
  const known = REASONS[code];
  if (known !== undefined) return known;
  if (isUnknownIssuer(error)) {
    const help =
      caFile === undefined
        ? ': if it is yours, set ca_file to the certificate of its authority'
        : `, which is not in ca_file ${caFile}`;
    return `has a certificate of an unknown issuer${help}`;
  }
  if (code.startsWith('HPE_')) return 'sent a response that is not HTTP';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return `failed the TLS handshake (${code})`;
  return `could not be reached (${code})`;
}

/** Reports whether a connection failed because the issuer of the server's certificate is not trusted. */
export function isUnknownIssuer(error: unknown): boolean {
  return UNKNOWN_ISSUER.includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}
