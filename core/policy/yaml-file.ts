import type * as z from 'zod';
import { dotted, type Path } from '../settings/fault.ts';
import { readBySchema } from '../settings/read-by-schema.ts';
import { readYaml } from '../settings/yaml-text.ts';
import type { Flaw, PolicyFile } from './flaw.ts';

/**
 * Parses a YAML file of a policy directory and validates it against its schema. An empty file is an empty mapping.
 *
 * @returns the value, or `undefined` and one flaw for each mistake
 */
export function readYamlFile<S extends z.ZodType>(
  schema: S,
  { name: file, text }: PolicyFile,
): { value: z.infer<S> | undefined; flaws: Flaw[]; lineOf(path: Path): number } {
  const yaml = readYaml(text);
  const lineOf = (path: Path) => yaml.position(path, 'key').line;
  const { value, faults } =
    yaml.faults.length > 0 ? yaml : readBySchema(schema, yaml.value ?? {}, { unknownKey: 'is not a known key' });
  if (faults.length === 0) return { value: value as z.infer<S>, flaws: [], lineOf };
  const flaws = faults.map(({ path, problem }): Flaw => {
    const message = `${dotted(path)} ${problem}`.trim();
    return { rule: 'policy/data-file', file, line: lineOf(path), message };
  });
  return { value: undefined, flaws, lineOf };
}
