import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects what only the start needed: the text and the tree of the configuration, code that ran once. Without it, V8
 * would keep that for as long as the agent has little to do, which is for ever.
 *
 * @see https://nodejs.org/api/v8.html#v8setflagsfromstringflags
 */
export function giveBackMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}
