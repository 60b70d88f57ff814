/** Reports whether a host name or address is loopback. @param host as in a URL, with an IPv6 address in brackets */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
