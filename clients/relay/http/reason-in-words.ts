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
  ENOTFOUND: 'is a name that was not found',
  EAI_AGAIN: 'could not be looked up: no name server answered',
  ETIMEDOUT: 'did not answer',
  EHOSTUNREACH: 'cannot be reached from here',
  ENETUNREACH: 'cannot be reached from here',
  ECONNRESET: 'ended the connection before its answer was whole',
  EPIPE: 'ended the connection before its answer was whole',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  CERT_NOT_YET_VALID: 'has a certificate that is not valid yet',
  CERT_REVOKED: 'has a certificate that was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'asks for a client certificate',
  HPE_HEADER_OVERFLOW: 'answered with headers that are too large',
  ERR_INVALID_CHAR: 'cannot be sent a header that has a line end or another control character in it',
};

/**
 * Describes why a connection or response failed, as the end of a sentence that starts with the host. Omits the error's own
 * message, which may contain parts of the request.
 */
export function reasonInWords(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? 'no reason given';
  const known = REASONS[code];
  if (known !== undefined) return known;
  if (isUnknownIssuer(error)) {
    return 'has a certificate of an unknown issuer: if it is yours, set ca_file to the certificate of its authority';
  }
  if (code.startsWith('HPE_')) return 'answered with something other than HTTP';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return `could not agree with this agent on TLS (${code})`;
  return `could not be asked (${code})`;
}

/** Reports whether a connection failed because the issuer of the server's certificate is not trusted. */
export function isUnknownIssuer(error: unknown): boolean {
  return UNKNOWN_ISSUER.includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}
