/** A JSON Schema of an object: which members it must have, or must not have, besides what its own schema says. */
export type MembersSchema = Record<string, unknown>;

/** Objects that have every one of the members. */
export function having(...members: string[]): MembersSchema {
  return { required: members };
}

/** Objects that have at least one of the members. */
export function havingAny(members: readonly string[]): MembersSchema {
  return { anyOf: members.map((member) => having(member)) };
}

/** Objects that have exactly one of the members. */
export function havingOne(members: readonly string[]): MembersSchema {
  return { oneOf: members.map((member) => having(member)) };
}

/** Objects that have none of the members. */
export function havingNone(members: readonly string[]): MembersSchema {
  return { not: havingAny(members) };
}

/**
 * Metadata that states a refinement in JSON Schema, which zod cannot derive from a function.
 *
 * The rules stand in `allOf`: `oneOf` and `anyOf` beside `properties` make generators of clients type the object as a
 * union of objects without members.
 */
export function stated(...rules: MembersSchema[]): { allOf: MembersSchema[] } {
  return { allOf: rules };
}
