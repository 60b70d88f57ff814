import { type Fault, isMapping, type Path, valueAt } from '@tvm/core/settings/fault.ts';
import { templateFault } from '../outputs/formats/template.ts';
import { isOwnedByShell } from '../outputs/shell-variables.ts';
import { listAt, oneOrMoreAt, textAt } from './parts.ts';

/** Keys of an output that only one format allows. */
const OF_FORMAT = { template: 'template', variables: 'env', profile: 'aws-credentials' } as const;

/** Checks that each key of an output is allowed for its format. */
export function checkFormats(value: unknown): Fault[] {
  return listAt(value, ['tokens'])
    .flatMap(({ path }) => oneOrMoreAt(value, [...path, 'output']))
    .flatMap(({ path }) => checkFormat(value, path));
}

function checkFormat(value: unknown, path: Path): Fault[] {
  const format = textAt(value, [...path, 'format']);
  if (format === undefined) return [];
  const faults: Fault[] = Object.entries(OF_FORMAT)
    .filter(([key, only]) => format !== only && valueAt(value, [...path, key]) !== undefined)
    .map(([key, only]) => ({ path: [...path, key], problem: `is allowed only for format ${only}` }));
  const variables = valueAt(value, [...path, 'variables']);
  for (const variable of isMapping(variables) ? Object.keys(variables).filter(isOwnedByShell) : []) {
    const problem = 'must have another name: shells evaluate this variable or set it themselves';
    faults.push({ path: [...path, 'variables', variable], problem });
  }
  const template = textAt(value, [...path, 'template']);
  if (format === 'template' && template === undefined) {
    faults.push({ path: [...path, 'template'], problem: 'is missing: format template needs it' });
  }
  const wrong = format === 'template' && template !== undefined ? templateFault(template) : undefined;
  if (wrong !== undefined) faults.push({ path: [...path, 'template'], problem: wrong });
  if (format !== 'json' && textAt(value, [...path, 'at_expiry']) === 'keep') {
    const problem = 'may be keep only for format json, which contains the expiry time';
    faults.push({ path: [...path, 'at_expiry'], problem });
  }
  return faults;
}
