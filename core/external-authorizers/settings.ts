/** A further condition, as a stage's configuration gives it, and `conditions.json` beside the code. */
export type ConditionSettings = OpaWasmSettings | OpaRestSettings | AuthzenSettings;

/** A Rego policy compiled to WebAssembly; it lies beside the code as `<name>.wasm`. */
export interface OpaWasmSettings {
  type: 'opa-wasm';
  name: string;
  /** The rule that answers, such as `tvm/condition/allow`. */
  entrypoint: string;
  /** Given when there is a document for Rego's `data`; it lies beside the code as `<name>.data.json`. */
  data?: string | undefined;
}

/** An OPA server, asked over its REST API. */
export interface OpaRestSettings extends ServiceSettings {
  type: 'opa-rest';
  /** The document that answers, such as `tvm/condition/allow`. */
  path: string;
}

/** A policy decision point that speaks the OpenID AuthZEN Authorization API 1.0. */
export interface AuthzenSettings extends ServiceSettings {
  type: 'authzen';
}

/** What is asked over the network. */
export interface ServiceSettings {
  name: string;
  /** The service's URL, which its paths are appended to. See {@link isServiceUrl}. */
  url: string;
  /** How long an answer is waited for, in milliseconds. */
  timeout_ms: number;
  /** How long an answer is used again for the same question, in seconds; not at all when absent. */
  cache?: number | undefined;
}

/**
 * Whether questions may be sent there: https, or http on this computer; and it names a place alone: no credentials, query
 * or fragment, no slash at the end.
 */
export function isServiceUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  const here = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && here);
  return safe && !url.username && !url.password && !/[?#\s]|\/$/.test(text) && !url.hostname.includes('*');
}
