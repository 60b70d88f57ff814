import { type Fault, isMapping, type Path, valueAt } from '@tvm/core/settings/fault.ts';
import { templateNames } from '../outputs/formats/template.ts';
import { loadedSourceKinds } from '../sources/kinds.ts';
import { listAt, oneOrMoreAt, textAt } from './parts.ts';

/** Checks that each output uses only values that its source returns, if these are known without a fetch. */
export function checkValues(value: unknown): Fault[] {
  return listAt(value, ['tokens']).flatMap(({ path }) => {
    const type = textAt(value, [...path, 'type']);
    const names = loadedSourceKinds().find((kind) => kind.type === type)?.values;
    if (names === undefined) return [];
    return oneOrMoreAt(value, [...path, 'output']).flatMap((output) => [
      ...checkFormat(value, output.path, names),
      ...checkVariables(value, output.path, names),
      ...checkTemplate(value, output.path, names),
    ]);
  });
}

function checkFormat(value: unknown, output: Path, names: readonly string[]): Fault[] {
  const path = [...output, 'format'];
  const format = textAt(value, path);
  const isBearer = names.length === 1 && names[0] === 'token';
  const problem = {
    raw: !isBearer && `must not be raw, which is one bearer token: this source returns ${names.join(', ')}`,
    'aws-credentials':
      !names.includes('access_key_id') && `must not be aws-credentials: this source returns ${names.join(', ')}`,
  }[format ?? ''];
  return problem ? [{ path, problem }] : [];
}

function checkVariables(value: unknown, output: Path, names: readonly string[]): Fault[] {
  const path = [...output, 'variables'];
  const variables = valueAt(value, path);
  if (!isMapping(variables)) return [];
  return Object.entries(variables)
    .filter(([, name]) => typeof name === 'string' && !names.includes(name))
    .map(([variable]) => ({
      path: [...path, variable],
      problem: `must be a value of the token, such as VARIABLE: ${names[0]}; this source returns ${names.join(', ')}`,
    }));
}

function checkTemplate(value: unknown, output: Path, names: readonly string[]): Fault[] {
  const path = [...output, 'template'];
  const known = [...names, 'expiration_timestamp'];
  const unknown = templateNames(textAt(value, path) ?? '').find((name) => !known.includes(name));
  const problem = `has a placeholder for an unknown value; the values are ${known.join(', ')}`;
  return unknown === undefined ? [] : [{ path, problem }];
}
