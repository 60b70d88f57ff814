import { subtreeRoot } from '@tvm/contract/authorization-details.ts';

/**
 * Reports whether a role's location could contain a location, or be in it, for some values of its templates. A value fills
 * one segment or a part of it.
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

/** Reports whether a location matches a role's location for some values of its templates. */
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
