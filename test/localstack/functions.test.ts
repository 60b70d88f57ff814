import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  DeleteFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { afterAll, expect, inject, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { zip } from '../support/zip.ts';

// Minimal functions, each for one behaviour of a Lambda execution environment.

const { target } = inject('deployed');
const lambda = new LambdaClient(target);
const logs = new CloudWatchLogsClient(target);
const created: string[] = [];

afterAll(async () => {
  for (const FunctionName of created) await lambda.send(new DeleteFunctionCommand({ FunctionName }));
});

type Options = Partial<CreateFunctionCommandInput>;

/** Creates a function. @param code its files by name, or the text of its `index.mjs` */
async function create(code: string | Record<string, string>, options: Options = {}): Promise<string> {
  const FunctionName = `small-${randomUUID()}`;
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/any',
      Timeout: 20,
      MemorySize: 128,
      Code: { ZipFile: zip(typeof code === 'string' ? { 'index.mjs': code } : code) },
      ...options,
    }),
  );
  created.push(FunctionName);
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20, minDelay: 0.1 }, { FunctionName });
  return FunctionName;
}

/** Invokes a function. @returns its response, Lambda's kind of error if any, and the end of its log */
async function invoke(FunctionName: string, event: unknown = {}) {
  const response = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(event), LogType: 'Tail' }),
  );
  return {
    payload: JSON.parse(response.Payload?.transformToString() ?? ''),
    error: response.FunctionError,
    printed: Buffer.from(response.LogResult ?? '', 'base64').toString(),
  };
}

/** Returns the log of a function in CloudWatch Logs. */
async function logOf(name: string): Promise<string> {
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }));
  return events.map(({ message }) => message).join('');
}

const handler = (body: string) => `export const handler = async (event, context) => { ${body} };`;

it('an ES module responds with its handler’s return value', async () => {
  const name = await create(handler('return { got: event, awaited: await Promise.resolve(1) };'));
  expect(await invoke(name, { a: 'ü' })).toMatchObject({ payload: { got: { a: 'ü' }, awaited: 1 }, error: undefined });
});

it('a CommonJS module in a folder of its bundle does the same', async () => {
  const name = await create(
    {
      'src/main.js': "exports.run = async (event) => require('./double').double(event.n);",
      'src/double.js': 'exports.double = (n) => n * 2;',
    },
    { Handler: 'src/main.run' },
  );
  expect(await invoke(name, { n: 21 })).toMatchObject({ payload: 42, error: undefined });
});

it('an invocation without a payload has an empty event, and no return value becomes null', async () => {
  const name = await create(handler('if (Object.keys(event).length > 0) return event;'));
  const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: name }));
  expect([Payload?.transformToString(), FunctionError]).toEqual(['null', undefined]);
});

it('a handler with a callback is rejected, as with Node 24 on AWS', async () => {
  const name = await create('export const handler = (event, context, callback) => callback(null, 1);');
  const { payload, error } = await invoke(name);
  expect(error).toBe('Unhandled');
  expect(payload.errorType).toBe('Runtime.CallbackHandlerDeprecated');
});

it('the environment has Lambda’s and the function’s variables, and none of the user who runs the emulator', async () => {
  const withoutSecrets = 'const { AWS_SECRET_ACCESS_KEY: a, AWS_SESSION_TOKEN: b, ...env } = process.env;';
  const name = await create(handler(`${withoutSecrets} return { ...env, temporary: Boolean(a && b) };`), {
    Environment: { Variables: { OWN: 'a b', PATH: '/own/bin', TZ: 'Asia/Tokyo' } },
  });
  const { payload } = await invoke(name);
  expect(payload).toMatchObject({
    ...{ OWN: 'a b', PATH: '/own/bin', TZ: 'Asia/Tokyo' },
    ...{ AWS_REGION: target.region, AWS_DEFAULT_REGION: target.region, AWS_ENDPOINT_URL: target.endpoint },
    ...{ AWS_LAMBDA_FUNCTION_NAME: name, AWS_LAMBDA_FUNCTION_VERSION: '$LATEST' },
    ...{ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128', AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}` },
    ...{ AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x', _HANDLER: 'index.handler' },
  });
  // The role's credentials.
  expect(payload).toMatchObject({ AWS_ACCESS_KEY_ID: expect.stringMatching(/^[AL]S\w{18}$/), temporary: true });
  expect(Object.keys(payload).filter((name) => /^(TVM_|LOCALSTACK_|PYTHON|JAVA_|USER$)/.test(name))).toEqual([]);
  expect(payload.HOME).not.toBe(process.env.HOME);
});

it('the context has the invocation’s ID and the remaining time', async () => {
  const name = await create(handler('return { ...context, left: context.getRemainingTimeInMillis() };'));
  const { payload, printed } = await invoke(name);
  expect(payload).toMatchObject({
    functionName: name,
    functionVersion: '$LATEST',
    memoryLimitInMB: '128',
    invokedFunctionArn: `arn:aws:lambda:${target.region}:000000000000:function:${name}`,
  });
  expect(payload.left).toBeGreaterThan(0);
  expect(payload.left).toBeLessThanOrEqual(20_000);
  expect(printed).toContain(`START RequestId: ${payload.awsRequestId} Version: $LATEST\n`);
});

it('a handler’s error has Lambda’s format, and the process continues', async () => {
  const name = await create(handler("if (event.fail) throw new RangeError('too far'); return process.pid;"));
  const { payload: before } = await invoke(name);
  const { payload, error, printed } = await invoke(name, { fail: true });
  expect(error).toBe('Unhandled');
  expect(payload).toEqual({ errorType: 'RangeError', errorMessage: 'too far', trace: expect.any(Array) });
  expect(payload.trace[0]).toBe('RangeError: too far');
  expect(printed).toMatch(/ERROR\tInvoke Error/);
  expect((await invoke(name)).payload).toBe(before);
});

it.each([
  ['process.exit(3)', 'Runtime exited with error: exit status 3'],
  ['process.exit(0)', 'Runtime exited without providing a reason'],
  ["process.kill(process.pid, 'SIGKILL')", 'Runtime exited with error: signal: killed'],
  // Node aborts itself, as on AWS.
  ['const all = []; for (;;) all.push(new Array(100_000).fill(all.length))', 'signal: aborted'],
])('a process that exits during an invocation is an error, and a new process handles the next: %s', async (end, reason) => {
  const name = await create(handler(`console.log('last words'); if (event.end) { ${end}; } return process.pid;`));
  const { payload: before } = await invoke(name);
  const { payload, error, printed } = await invoke(name, { end: true });
  expect(error).toBe('Unhandled');
  expect(payload).toEqual({
    errorType: 'Runtime.ExitError',
    errorMessage: expect.stringMatching(/^RequestId: [\w-]{36} Error: Runtime exited /),
  });
  expect(payload.errorMessage).toContain(reason);
  expect(printed).toContain(`${payload.errorMessage}\nRuntime.ExitError\nEND`);
  const after = await invoke(name);
  expect(after.error).toBeUndefined();
  expect(after.payload).not.toBe(before);
  await eventually(async () => expect(await logOf(name)).toContain(payload.errorMessage));
});

it.each([
  ['a syntax error', 'export const handler = async () => {', 'Runtime.UserCodeSyntaxError'],
  ['a missing handler', 'export const other = 1;', 'Runtime.HandlerNotFound'],
  ['a missing package', "import 'no-such-package';", undefined],
  ['an error thrown', "throw new TypeError('at once');", 'TypeError'],
  ['an exit', 'process.exit(1);', 'Runtime.ExitError'],
])('each invocation reports and logs an error from loading the code: %s', async (_, code, errorType) => {
  const name = await create(`console.log('loading'); ${code}`);
  for (const _ of [1, 2]) {
    const { payload, error } = await invoke(name);
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject(
      errorType ? { errorType } : { errorMessage: expect.stringContaining('no-such-package') },
    );
  }
  await eventually(async () => {
    const lines = await logOf(name);
    expect(lines.match(/^START/gm)).toHaveLength(2);
    expect(lines).toContain(errorType ?? 'no-such-package');
  });
});

it('a timeout kills the invocation’s process, and a new process handles the next', async () => {
  const name = await create(handler("console.log('begun'); if (event.hang) for (;;); return process.pid;"), {
    Timeout: 1,
  });
  const { payload: before } = await invoke(name);
  const { payload, error, printed } = await invoke(name, { hang: true });
  expect(error).toBe('Unhandled');
  expect(payload).toEqual({
    errorType: 'Sandbox.Timedout',
    errorMessage: expect.stringMatching(/^RequestId: [\w-]{36} Error: Task timed out after 1\.00 seconds$/),
  });
  expect(printed).toMatch(/begun\n\S+Z [\w-]{36} Task timed out after 1\.00 seconds\nEND/);
  expect(() => process.kill(before, 0)).toThrow('ESRCH');
  expect((await invoke(name)).payload).not.toBe(before);
});

it('concurrent invocations have separate processes, which later invocations reuse', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tvm-together-'));
  try {
    // Each invocation returns once the expected number of them are running.
    const name = await create(`
      import { readdirSync, writeFileSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      export const handler = async ({ dir, wanted }) => {
        writeFileSync(\`\${dir}/\${wanted}-\${process.pid}\`, '');
        while (readdirSync(dir).filter((file) => file.startsWith(wanted)).length < wanted) await sleep(10);
        return process.pid;
      };`);
    const together = async (wanted: number) => {
      const answers = await Promise.all(Array.from({ length: wanted }, () => invoke(name, { dir, wanted })));
      return new Set(answers.map(({ payload }) => payload));
    };
    const three = await together(3);
    expect(three.size).toBe(3);
    const two = await together(2);
    expect(two.size).toBe(2);
    expect([...three]).toEqual(expect.arrayContaining([...two]));
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it('a process that exits after its response is an error of the next invocation, as on AWS', async () => {
  const name = await create(`
    import { existsSync } from 'node:fs';
    export const handler = async ({ file }) => {
      if (file !== undefined) setInterval(() => { if (existsSync(file)) process.exit(4); }, 10);
      return process.pid;
    };`);
  const file = join(tmpdir(), `tvm-answered-${randomUUID()}`);
  const { payload: pid, error } = await invoke(name, { file });
  expect(error).toBeUndefined();
  writeFileSync(file, '');
  await eventually(async () => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  rmSync(file);
  expect((await invoke(name)).payload.errorMessage).toMatch(/ Error: Runtime exited with error: exit status 4$/);
  expect((await invoke(name)).error).toBeUndefined();
});

it('its output is in the response and in CloudWatch Logs, up to the last line before the response', async () => {
  const name = await create(
    handler("console.log('first'); console.error('a second'); process.stdout.write('ü, without an end'); return 1;"),
  );
  const { printed } = await invoke(name);
  expect(printed).toMatch(
    /^START .*\n\S+Z\t[\w-]{36}\tINFO\tfirst\n.*\tERROR\ta second\nü, without an end\nEND RequestId: [\w-]{36}\nREPORT .*\tMemory Size: 128 MB\n$/,
  );
  await eventually(async () => expect(await logOf(name)).toBe(printed));
});

it('megabytes of output block nothing, and the end of the output is logged', async () => {
  const name = await create(
    handler("for (let line = 0; line < 40_000; line++) console.log(line, 'x'.repeat(100)); return 'done';"),
  );
  const { payload, printed } = await invoke(name);
  expect(payload).toBe('done');
  expect(printed).toMatch(/39999 x{100}\nEND/);
  await eventually(async () => {
    const lines = await logOf(name);
    expect(lines).toMatch(/^START .*\n\[\d+ bytes of earlier output were dropped\]\n/);
    expect(lines.length).toBeLessThan(1_100_000);
  });
});

it('a child process that it leaves behind delays neither its response nor its exit', async () => {
  const name = await create(`
    import { spawn } from 'node:child_process';
    export const handler = async (event) => {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      if (event.exit) { process.stdout.write(\`child \${child.pid}\\n\`); process.exit(1); }
      return child.pid;
    };`);
  const answered = await invoke(name);
  expect(answered.error).toBeUndefined();
  const ended = await invoke(name, { exit: true });
  expect(ended.payload.errorType).toBe('Runtime.ExitError');
  expect((await invoke(name)).error).toBeUndefined();
  for (const pid of [answered.payload, Number(/child (\d+)/.exec(ended.printed)?.[1])]) process.kill(pid);
});

it('an event of six megabytes is passed in and out; a response over Lambda’s limit is an error', async () => {
  const name = await create(handler("return event.more ? 'x'.repeat(event.more) : event;"), { MemorySize: 512 });
  const text = 'ü'.repeat(3_000_000);
  const { payload } = await invoke(name, { text });
  expect(payload.text === text).toBe(true);
  const { payload: refused, error } = await invoke(name, { more: 6_291_557 });
  expect(error).toBe('Unhandled');
  expect(refused.errorType).toBe('Function.ResponseSizeTooLarge');
  expect((await invoke(name, { more: 1 })).payload).toBe('x');
});

it('an asynchronous invocation is accepted at once and completed later', async () => {
  const name = await create(handler("console.log('asked', event.id);"));
  const id = randomUUID();
  const { StatusCode } = await lambda.send(
    new InvokeCommand({ FunctionName: name, InvocationType: 'Event', Payload: JSON.stringify({ id }) }),
  );
  expect(StatusCode).toBe(202);
  await eventually(async () => expect(await logOf(name)).toContain(`asked ${id}`));
});

it('a deleted function leaves no process, not even during an invocation', async () => {
  const name = await create(`
    import { writeFileSync } from 'node:fs';
    export const handler = async ({ file }) => {
      if (file === undefined) return process.pid;
      writeFileSync(file, '');
      await new Promise(() => setInterval(() => {}, 1000));
    };`);
  const { payload: pid } = await invoke(name);
  const file = join(tmpdir(), `tvm-under-way-${randomUUID()}`);
  const underWay = invoke(name, { file });
  await eventually(async () => expect(existsSync(file)).toBe(true));
  rmSync(file);
  await lambda.send(new DeleteFunctionCommand({ FunctionName: created.splice(created.indexOf(name), 1)[0] }));
  expect((await underWay).payload.errorType).toBe('Runtime.ExitError');
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
