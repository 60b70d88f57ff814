/**
 * Replaces the compiled half of `aws-lambda-ric`, AWS's runtime interface client, whose build takes a C++ compiler,
 * CMake and minutes. The package requires `./rapid-client.node`, which Node also finds with the extension `.js`. The
 * package's own JavaScript receives invocations; this module only sends their results.
 */
import { Agent, request } from 'node:http';

// On AWS everything is printed before the response is sent. With a full non-blocking pipe the response would come
// first.
for (const stream of [process.stdout, process.stderr]) Reflect.get(stream, '_handle')?.setBlocking?.(true);

const agent = new Agent({ keepAlive: true });
const invocations = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

/** @param {string} url @param {string} body */
function send(url, body) {
  request(url, { method: 'POST', agent, headers: { 'content-length': Buffer.byteLength(body) } })
    .on('response', (response) => response.resume())
    // Nothing listens any more: the invocation timed out, and this process is about to be killed.
    .on('error', () => {})
    .end(body);
}

/** @param {string} id @param {string} body the function's response, as JSON */
export const done = (id, body) => send(`${invocations}/${id}/response`, body);

/** @param {string} id @param {string} body the error in Lambda's shape, as JSON */
export const error = (id, body) => send(`${invocations}/${id}/error`, body);
