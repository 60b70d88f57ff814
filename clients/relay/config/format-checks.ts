import { type Fault, isMapping, type Place, valueAt } from '@tvm/core/settings/fault.ts';
import { templateFault } from '../outputs/formats/template.ts';
import { isOwnedByShell } from '../outputs/shell-variables.ts';
import { listAt, oneOrMoreAt, textAt } from './parts.ts';

/** Keys of an output that only one format allows. */
const OF_FORMAT = { template: 'template', variables: 'env', profile: 'aws-credentials' } as const;

/** Checks that each key of an output is allowed for its format. */
export function checkFormats(value: unknown): Fault[] {
  return listAt(value, ['tokens'])
    .flatMap(({ place }) => oneOrMoreAt(value, [...place, 'output']))
    .flatMap(({ place }) => checkFormat(value, place));
}

function checkFormat(value: unknown, place: Place): Fault[] {
  const format = textAt(value, [...place, 'format']);
  if (format === undefined) return [];
  const faults: Fault[] = Object.entries(OF_FORMAT)
    .filter(([key, only]) => format !== only && valueAt(value, [...place, key]) !== undefined)
    .map(([key, only]) => ({ place: [...place, key], problem: `is allowed only for format ${only}` }));
  const variables = valueAt(value, [...place, 'variables']);
  for (const variable of isMapping(variables) ? Object.keys(variables).filter(isOwnedByShell) : []) {
    const problem = 'must have another name: shells evaluate this variable or set it themselves';
    faults.push({ place: [...place, 'variables', variable], problem });
  }
  const template = textAt(value, [...place, 'template']);
  if (format === 'template' && template === undefined) {
    faults.push({ place: [...place, 'template'], problem: 'is missing: format template needs it' });
  }
  const wrong = format === 'template' && template !== undefined ? templateFault(template) : undefined;
  if (wrong !== undefined) faults.push({ place: [...place, 'template'], problem: wrong });
  if (format !== 'json' && textAt(value, [...place, 'at_expiry']) === 'keep') {
    const problem = 'may be keep only for format json, which contains the expiry time';
    faults.push({ place: [...place, 'at_expiry'], problem });
  }
  return faults;
}
