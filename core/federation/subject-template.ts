import { valueAt } from '../settings/fault.ts';
import type { ClaimPath, TrustEntry, Unverified } from './trust-entry.ts';

/**
 * Parses the template of a mapped subject, such as `repo:{repository_id}`. A placeholder names a kept claim, or else a claim
 * at the top level of the proof.
 *
 * @param kept the paths of the kept claims, by name
 * @returns the texts and the claims between them, or the problem, which completes a sentence about the template
 */
export function parseSubjectTemplate(
  template: string,
  kept: Readonly<Record<string, ClaimPath>>,
): { parts: TrustEntry['subject'] } | { problem: string } {
  const parts: TrustEntry['subject'] = [];
  for (const [index, text] of template.split(/\{([^{}]+)\}/).entries()) {
    const isClaim = index % 2 === 1;
    if (!isClaim && /[{}]/.test(text)) return { problem: 'must have a } after each {, and a claim between them' };
    if (isClaim) parts.push((Object.hasOwn(kept, text) ? kept[text] : undefined) ?? [text]);
    else if (text !== '') parts.push(text);
  }
  if (parts.every((part) => typeof part === 'string')) {
    return { problem: 'must contain a claim, as in repo:{repository_id}' };
  }
  if (parts.some((part, index) => typeof part !== 'string' && Array.isArray(parts[index + 1]))) {
    return { problem: 'must have text between two claims' };
  }
  return { parts };
}

/**
 * Maps the subject of a proof.
 *
 * Different values of the claims never result in the same subject: a value may not contain the character that follows it in
 * the template.
 *
 * @returns the mapped subject, or the claim that has no usable value
 */
export function mapSubject(
  template: TrustEntry['subject'],
  claims: Unverified,
): { subject: string } | { path: ClaimPath; expected: string } {
  let subject = '';
  for (const [index, part] of template.entries()) {
    if (typeof part === 'string') {
      subject += part;
      continue;
    }
    const value = valueAt(claims, part);
    const text = Number.isSafeInteger(value) ? String(value) : value;
    if (typeof text !== 'string' || text === '') return { path: part, expected: 'text or a whole number' };
    const next = template[index + 1];
    const separator = index + 2 < template.length && typeof next === 'string' ? next.charAt(0) : '';
    if (separator !== '' && text.includes(separator)) return { path: part, expected: `text without ${separator}` };
    subject += text;
  }
  return { subject };
}
