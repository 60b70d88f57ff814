import * as z from 'zod';
import { isMapping, type Path } from './fault.ts';

/** A value of the file, its schema and its path. */
export interface Visited {
  schema: z.core.$ZodType;
  value: unknown;
  path: Path;
}

/**
 * Walks a value, valid or not, together with its schema, and visits each pair. For a union, visits each branch that may
 * apply to the value.
 */
export function visitSettings(schema: z.core.$ZodType, value: unknown, visit: (visited: Visited) => void): void {
  walk({ schema: bare(schema), value, path: [] }, visit);
}

function walk(visited: Visited, visit: (visited: Visited) => void): void {
  visit(visited);
  for (const { schema, value, path } of inside(visited)) walk({ schema: bare(schema), value, path }, visit);
}

function inside({ schema, value, path }: Visited): Visited[] {
  if (schema instanceof z.ZodUnion) {
    return branches(schema, value).map((branch) => ({ schema: branch, value, path }));
  }
  if (Array.isArray(value)) {
    if (!(schema instanceof z.ZodArray)) return [];
    return value.map((item, index) => ({ schema: schema.element, value: item, path: [...path, index] }));
  }
  if (!isMapping(value)) return [];
  const known = Object.entries(value).map(([key, inner]) => ({ key, inner, path: [...path, key] }));
  if (schema instanceof z.ZodRecord) {
    return known.map(({ inner, path }) => ({ schema: schema.valueType, value: inner, path }));
  }
  if (!(schema instanceof z.ZodObject)) return [];
  return known.flatMap(({ key, inner, path }) => {
    const member: z.core.$ZodType | undefined = Object.hasOwn(schema.shape, key) ? schema.shape[key] : undefined;
    return member ? [{ schema: member, value: inner, path }] : [];
  });
}

/** The branches of a union. For a discriminated union, only the branch that the value selects. */
function branches(schema: z.ZodUnion, value: unknown): readonly z.core.$ZodType[] {
  if (!(schema instanceof z.ZodDiscriminatedUnion) || !isMapping(value)) return schema.options;
  const { discriminator } = schema.def;
  return schema.options.filter((option: z.core.$ZodType) => {
    const member: z.core.$ZodType | undefined = option instanceof z.ZodObject ? option.shape[discriminator] : undefined;
    return member !== undefined && z.safeParse(member, value[discriminator]).success;
  });
}

const WRAPPERS = [z.ZodOptional, z.ZodNullable, z.ZodDefault, z.ZodPrefault];

/** The schema without `optional`, defaults and transforms. */
export function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (WRAPPERS.some((wrapper) => schema instanceof wrapper)) return bare((schema as z.ZodOptional).def.innerType);
  return schema instanceof z.ZodPipe ? bare(schema.def.in) : schema;
}

/** Reports whether two schemas are the same except for their metadata. */
export function isSame(schema: z.core.$ZodType, other: z.core.$ZodType): boolean {
  return schema === other || schema._zod.def === other._zod.def;
}
