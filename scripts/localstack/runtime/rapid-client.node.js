/**
 * Stands in for the compiled half of `aws-lambda-ric`, AWS's runtime interface client: that one takes a C++ compiler,
 * CMake and minutes to build. It is required as `./rapid-client.node`, which Node also finds with `.js` behind it.
 * Receiving is done by the package's own JavaScript; this only sends what became of an invocation.
 */
import { Agent, request } from 'node:http';

// On AWS everything is printed before the answer is given. A pipe that is full would let the answer go first.
for (const stream of [process.stdout, process.stderr]) Reflect.get(stream, '_handle')?.setBlocking?.(true);

const agent = new Agent({ keepAlive: true });
const invocations = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

/** @param {string} url @param {string} body */
function send(url, body) {
  request(url, { method: 'POST', agent, headers: { 'content-length': Buffer.byteLength(body) } })
    .on('response', (response) => response.resume())
    // Nobody listens any more: the invocation ran out of time, and this process is about to be ended.
    .on('error', () => {})
    .end(body);
}

/** @param {string} id @param {string} body the function's answer, as JSON */
export const done = (id, body) => send(`${invocations}/${id}/response`, body);

/** @param {string} id @param {string} body the error in Lambda's shape, as JSON */
export const error = (id, body) => send(`${invocations}/${id}/error`, body);
