import type { Hit } from '../model/check.ts';
import { noteOrigin } from '../model/origins.ts';
import { isMapping, type Mapping } from '../model/values.ts';
import { alternatives, resolveText, UNKNOWN } from './intrinsics.ts';

const LOOP = 'Fn::ForEach::';

/** Maximum number of times that the loops of a template are run. */
const MAX_RUNS = 64;

/**
 * Returns a mapping of a template with its loops expanded. A loop over a collection that is not in the template stays, and
 * is reported.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
 */
export function expandLoops(value: Mapping): { expanded: Mapping; notJudged: Hit[] } {
  const notJudged: Hit[] = [];
  if (!hasLoop(value)) return { expanded: value, notJudged };
  let runs = 0;

  const copy = (value: unknown, names: ReadonlyMap<string, string>): unknown => {
    if (typeof value === 'string') return named(value, names);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const list = value.map((each) => copy(each, names));
      noteOrigin(list, { in: value });
      return list;
    }
    const { Ref } = value as Mapping;
    if (typeof Ref === 'string' && names.has(Ref)) return names.get(Ref);
    const map: Mapping = Object.create(null);
    noteOrigin(map, { in: value });
    for (const [key, each] of Object.entries(value)) {
      if (key.startsWith(LOOP) && Array.isArray(each)) Object.assign(map, run(value, key, each, names));
      else map[named(key, names)] = copy(each, names);
    }
    return map;
  };

  const run = (at: object, key: string, loop: unknown[], names: ReadonlyMap<string, string>): Mapping => {
    const [name, collection, body] = loop;
    const values = alternatives(collection).map((each) => resolveText(copy(each, names)));
    runs += values.length;
    if (
      typeof name !== 'string' ||
      !isMapping(body) ||
      runs > MAX_RUNS ||
      values.some((each) => each.includes(UNKNOWN))
    ) {
      const why = runs > MAX_RUNS ? `it runs more than ${MAX_RUNS} times` : 'its collection is not in the template';
      notJudged.push({ in: at, key, message: `the loop ${key.slice(LOOP.length)} is not judged, because ${why}` });
      return {};
    }
    return Object.assign({}, ...values.map((each) => copy(body, new Map(names).set(name, each))));
  };

  return { expanded: copy(value, new Map()) as Mapping, notJudged };
}

function hasLoop(value: unknown): boolean {
  const seen = new Set<unknown>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    if (isMapping(next) && Object.keys(next).some((key) => key.startsWith(LOOP))) return true;
    for (const member of Object.values(next)) open.push(member);
  }
  return false;
}

/** Replaces loop variables in a string. For `&{Name}`, only the letters and digits of the value are used. */
function named(text: string, names: ReadonlyMap<string, string>): string {
  if (names.size === 0) return text;
  return text.replace(/([$&])\{(\w+)\}/g, (whole, sign: string, name: string) => {
    const value = names.get(name);
    return value === undefined ? whole : sign === '&' ? value.replace(/[^A-Za-z0-9]/g, '') : value;
  });
}
