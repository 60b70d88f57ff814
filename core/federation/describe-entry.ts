import { written } from '../settings/fault.ts';
import type { RequiredClaim, TrustEntry } from './trust-entry.ts';

/** Lists what a required claim may be: `"production"` and `"stage-*"`. */
export function allowedValues({ values, prefixes }: RequiredClaim): string[] {
  return [...values.map((value) => JSON.stringify(value)), ...prefixes.map((prefix) => JSON.stringify(`${prefix}*`))];
}

/** Describes a required claim, as in `environment "production" or "stage-*"`. */
export function describeRequirement(required: RequiredClaim): string {
  return `${written(required.path)} ${allowedValues(required).join(' or ')}`;
}

/** Writes the template of a mapped subject, as in `repo:{repository_id}`. */
export function describeTemplate(subject: TrustEntry['subject']): string {
  return subject.map((part) => (typeof part === 'string' ? part : `{${written(part)}}`)).join('');
}
