import type { ServiceUnit } from './service-unit.ts';

/** The capabilities that a configuration may ask for (capabilities(7)). */
export type Capability = 'CAP_CHOWN' | 'CAP_KILL' | 'CAP_NET_BIND_SERVICE';

/** Whether a unit's processes have a capability: root has those of the bounding set, others the ambient ones in it. */
export function hasCapability(unit: ServiceUnit, isRoot: boolean, capability: Capability): boolean {
  const isBounded = isIn(unit.assignments('CapabilityBoundingSet'), capability, true);
  return isBounded && (isRoot || isIn(unit.assignments('AmbientCapabilities'), capability, false));
}

/**
 * Whether a list of systemd.exec(5) holds a capability: assignments add up, `~` takes away (of all, where it comes
 * first), and an empty one starts anew from none.
 */
function isIn(assignments: readonly string[], capability: Capability, otherwise: boolean): boolean {
  let isHeld: boolean | undefined;
  for (const assignment of assignments) {
    const isInverted = assignment.startsWith('~');
    const names = assignment.replace(/^~/, '').trim().split(/\s+/);
    if (assignment === '') isHeld = false;
    else if (names.includes(capability)) isHeld = !isInverted;
    else isHeld ??= isInverted;
  }
  return isHeld ?? otherwise;
}
