import { subtreeRoot } from '@tvm/contract/authorization-details.ts';

/**
 * Whether a role's location could reach a place, or be in it, whatever its templates are filled with: a value fills one
 * segment or less.
 */
export function couldReach(location: string, place: string): boolean {
  const root = subtreeRoot(location);
  const template = (root ?? location).split('/');
  const names = place.split('/');
  const common = Math.min(template.length, names.length);
  for (let index = 0; index < common; index++) {
    if (!couldBe(template[index] ?? '', names[index] ?? '')) return false;
  }
  return template.length >= names.length || root !== undefined;
}

/** Whether a location is a role's, with its templates filled in. */
export function isFilledIn(location: string, template: string): boolean {
  const parts = template.split('/');
  const names = location.split('/');
  return parts.length === names.length && parts.every((part, index) => couldBe(part, names[index] ?? ''));
}

function couldBe(template: string, segment: string): boolean {
  const parts = template.split(/\{[^{}]*\}/);
  if (parts.length === 1) return template === segment;
  const pattern = parts.map((text) => text.replace(/[.*+?^$()|[\]\\]/g, '\\$&')).join('.+');
  return new RegExp(`^${pattern}$`).test(segment);
}
