import { isMap, isNode, isScalar, LineCounter, type Node, parseDocument, visit, YAMLError } from 'yaml';
import type * as z from 'zod';
import { dotted } from '../settings/fault.ts';
import { readBySchema } from '../settings/read-by-schema.ts';
import type { Flaw, PolicyFile } from './flaw.ts';

/** Aliases that a file may have: enough for people, too few for a bomb. */
const MOST_ALIASES = 100;

/**
 * Reads a YAML file of policies against its schema. An empty file is an empty mapping.
 *
 * @returns its value; `undefined`, and one flaw for each mistake, when it has any
 */
export function readYamlFile<S extends z.ZodType>(
  schema: S,
  { name: file, text }: PolicyFile,
): { value: z.infer<S> | undefined; flaws: Flaw[]; lineOf(path: readonly PropertyKey[]): number } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const flaw = (line: number, message: string): Flaw => ({ rule: 'policy/data-file', file, line, message });
  const lineOf = (path: readonly PropertyKey[]) => {
    for (let length = path.length; length > 0; length--) {
      const start = keyNode(document.contents, path.slice(0, length))?.range?.[0];
      if (start !== undefined) return lines.linePos(start).line;
    }
    return 1;
  };
  const failed = (flaws: Flaw[]) => ({ value: undefined, flaws, lineOf });

  const [error] = document.errors;
  let forbidden: Node | undefined;
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === '__proto__') forbidden = key;
    },
  });
  if (error !== undefined) {
    const message = error.code === 'RESOURCE_EXHAUSTION' ? 'is nested too deeply' : error.message;
    return failed([flaw(lines.linePos(error.pos[0]).line, message)]);
  }
  // JavaScript would lose it.
  if (forbidden !== undefined)
    return failed([flaw(lines.linePos(forbidden.range?.[0] ?? 0).line, '__proto__ is no name')]);
  let unverified: unknown;
  try {
    unverified = document.toJS({ maxAliasCount: MOST_ALIASES }) ?? {};
  } catch (cause) {
    if (!(cause instanceof ReferenceError || cause instanceof YAMLError)) throw cause;
    return failed([flaw(1, `has more aliases than ${MOST_ALIASES}, or one of nothing`)]);
  }
  const { value, faults } = readBySchema(schema, unverified, { unknownKey: 'is not a known key' });
  if (faults.length === 0) return { value, flaws: [], lineOf };
  return failed(faults.map(({ place, problem }) => flaw(lineOf(place), `${dotted(place)} ${problem}`.trim())));
}

/** The key at a path, or the element of an array: where a person looks for it. */
function keyNode(contents: Node | null, path: readonly PropertyKey[]): Node | undefined {
  let node: unknown = contents;
  let found: unknown;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === String(step));
      found = pair?.key;
      node = pair?.value;
    } else {
      found =
        isNode(node) && 'get' in node ? (node.get as (key: unknown, keep: boolean) => unknown)(step, true) : undefined;
      node = found;
    }
  }
  return isNode(found) ? found : undefined;
}
