import type { ServiceUnit } from './service-unit.ts';

/** The capabilities that a configuration may need (capabilities(7)). */
export type Capability = 'CAP_CHOWN' | 'CAP_KILL' | 'CAP_NET_BIND_SERVICE';

/** Reports whether a unit's processes have a capability. Other users than root need it in the ambient set too. */
export function hasCapability(unit: ServiceUnit, isRoot: boolean, capability: Capability): boolean {
  const isBounded = isIn(unit.assignments('CapabilityBoundingSet'), capability, true);
  return isBounded && (isRoot || isIn(unit.assignments('AmbientCapabilities'), capability, false));
}

/**
 * Reports whether a capability setting of systemd.exec(5) includes a capability. Assignments add up. `~` removes
 * capabilities, from the full set if it comes first. An empty assignment resets the set.
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
