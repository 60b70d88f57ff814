/**
 * Publishes one token after another to a file until it is killed. Prints a line after the first.
 *
 * Arguments: the file, its group, and the method: `relay`, or `in-place` for a naive overwrite.
 */
import { writeFileSync } from 'node:fs';
import type { Token } from 'tokenrelay/model/token.ts';
import { fileOutputOf } from 'tokenrelay/outputs/file-output.ts';
import { render } from 'tokenrelay/outputs/render.ts';
import { largeToken } from './large-token.ts';

const [, , path = '', group = '', how = ''] = process.argv;
const settings = { file_path: path, format: 'json', permissions: 0o640, group: Number(group) } as const;
const output = fileOutputOf(settings, 'killed');
const tokens = [largeToken(`${process.pid}-a`), largeToken(`${process.pid}-b`)] as const;

await publish(tokens[0]);
console.log('published');
for (;;) {
  await publish(tokens[1]);
  await publish(tokens[0]);
}

async function publish(token: Token): Promise<void> {
  if (how === 'relay') await output.publish(token);
  else writeFileSync(path, render(settings, 'killed', token), { mode: 0o640 });
}
