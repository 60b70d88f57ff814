import { type Fault, type Place, valueAt } from '@tvm/core/settings/fault.ts';
import { templateFault } from '../outputs/formats/template.ts';
import { listAt, oneOrMoreAt, textAt } from './parts.ts';

/** Keys of an output that belong to one format. */
const OF_FORMAT = { template: 'template', variables: 'env', profile: 'aws-credentials' } as const;

/** Each key of an output goes with its format. */
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
    .map(([key, only]) => ({ place: [...place, key], problem: `goes with format ${only} only` }));
  const template = textAt(value, [...place, 'template']);
  if (format === 'template' && template === undefined) {
    faults.push({ place: [...place, 'template'], problem: 'is missing: format template writes what it says' });
  }
  const wrong = format === 'template' && template !== undefined ? templateFault(template) : undefined;
  if (wrong !== undefined) faults.push({ place: [...place, 'template'], problem: wrong });
  if (format !== 'json' && textAt(value, [...place, 'at_expiry']) === 'keep') {
    const problem = 'may be keep with format json only, which says itself when the token has expired';
    faults.push({ place: [...place, 'at_expiry'], problem });
  }
  return faults;
}
