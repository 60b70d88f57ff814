/** A JSON Schema that requires or forbids members of an object, in addition to the object's own schema. */
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
 * Returns metadata that states a refinement in JSON Schema. zod cannot derive JSON Schema from a function.
 *
 * The rules are in `allOf`, because client generators read `oneOf` or `anyOf` next to `properties` as a union of objects
 * without members.
 */
export function jsonSchemaRules(...rules: MembersSchema[]): { allOf: MembersSchema[] } {
  return { allOf: rules };
}
