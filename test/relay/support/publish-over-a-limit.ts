/**
 * Publishes a token to the file in the first argument, and then a token that exceeds this process's file size limit.
 */
import { fileOutputOf } from 'tokenrelay/outputs/file-output.ts';
import { shortToken } from './short-token.ts';

const [, , path = ''] = process.argv;
const output = fileOutputOf({ file_path: path, format: 'raw' }, 'api');
await output.publish({ values: { token: 'first' }, fetchedAt: 0 });
const failure = await output.publish(shortToken('2')).catch((error: Error) => `${error.name}: ${error.message}`);
console.log(JSON.stringify({ failure, problem: await output.problem() }));
