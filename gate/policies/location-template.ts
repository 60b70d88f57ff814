import { subtreeRoot } from '../../contract/authorization-details.ts';

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

function couldBe(template: string, segment: string): boolean {
  const parts = template.split(/\{[^{}]*\}/);
  if (parts.length === 1) return template === segment;
  const pattern = parts.map((text) => text.replace(/[.*+?^$()|[\]\\]/g, '\\$&')).join('.+');
  return new RegExp(`^${pattern}$`).test(segment);
}
