/** Settings of an external authorizer, in the configuration of a stage and in the deployed `conditions.json`. */
export type AuthorizerSettings = OpaWasmSettings | OpaRestSettings | AuthzenSettings;

/** A Rego policy compiled to WebAssembly. It is deployed with the code as `<name>.wasm`. */
export interface OpaWasmSettings {
  type: 'opa-wasm';
  name: string;
  /** The rule that decides, for example `tvm/condition/allow`. */
  entrypoint: string;
  /** Present if there is a document for Rego's `data`. It is deployed with the code as `<name>.data.json`. */
  data?: string | undefined;
}

/** An OPA server, called through its REST API. */
export interface OpaRestSettings extends ServiceSettings {
  type: 'opa-rest';
  /** The document that decides, for example `tvm/condition/allow`. */
  path: string;
}

/** A policy decision point that speaks the OpenID AuthZEN Authorization API 1.0. */
export interface AuthzenSettings extends ServiceSettings {
  type: 'authzen';
}

/** Settings of an external authorizer that is called over the network. */
export interface ServiceSettings {
  name: string;
  /** Base URL of the service. See {@link isServiceUrl}. */
  url: string;
  /** Timeout of a request in milliseconds. */
  timeout_ms: number;
  /** How long decisions are cached, in seconds. Absent: no caching. */
  cache?: number | undefined;
}

/**
 * Reports whether a URL is a valid base URL: it uses https, or http to this computer, and has no credentials, no query,
 * no fragment and no trailing slash.
 */
export function isServiceUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  const here = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && here);
  return safe && !url.username && !url.password && !/[?#\s]|\/$/.test(text) && !url.hostname.includes('*');
}
