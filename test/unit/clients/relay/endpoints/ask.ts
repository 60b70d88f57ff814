import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface Asked {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body parsed as JSON, if it is valid JSON. */
  json: unknown;
}

/** Sends one request on a new connection. @param address the address of an endpoint: a URL, or the path of a socket */
export function ask(
  address: string,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: OutgoingHttpHeaders } = {},
): Promise<Asked> {
  const place = address.startsWith('/') ? { socketPath: address } : placeOf(address);
  return new Promise((resolve, reject) => {
    const sent = request({ ...place, path, method, headers, agent: false, setHost: !('host' in headers) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: parsed(text) });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Sends raw bytes. @returns everything that the server sent before it closed the connection */
export function sendBytes(address: string, bytes: string): Promise<string> {
  const { host, port } = placeOf(address);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host, port }, () => socket.write(bytes));
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

export function placeOf(address: string): { host: string; port: number } {
  const { hostname, port } = new URL(address);
  return { host: hostname.replace(/[[\]]/g, ''), port: Number(port) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
