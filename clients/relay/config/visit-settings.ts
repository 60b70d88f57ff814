import * as z from 'zod';
import { secretReference } from '../settings/secret-reference.ts';
import { isMapping, type Place } from './fault.ts';

/** A value of the file, what it should be, and where it is. */
export interface Visited {
  schema: z.core.$ZodType;
  value: unknown;
  place: Place;
}

/**
 * Walks a value along its schema, right or wrong, and tells of each pair of them; of a union, of each branch that the
 * value may belong to.
 */
export function visitSettings(schema: z.core.$ZodType, value: unknown, visit: (visited: Visited) => void): void {
  walk({ schema: bare(schema), value, place: [] }, visit);
}

function walk(visited: Visited, visit: (visited: Visited) => void): void {
  visit(visited);
  for (const { schema, value, place } of inside(visited)) walk({ schema: bare(schema), value, place }, visit);
}

function inside({ schema, value, place }: Visited): Visited[] {
  if (schema instanceof z.ZodUnion) {
    return branches(schema, value).map((branch) => ({ schema: branch, value, place }));
  }
  if (Array.isArray(value)) {
    if (!(schema instanceof z.ZodArray)) return [];
    return value.map((item, index) => ({ schema: schema.element, value: item, place: [...place, index] }));
  }
  if (!isMapping(value)) return [];
  const known = Object.entries(value).map(([key, inner]) => ({ key, inner, place: [...place, key] }));
  if (schema instanceof z.ZodRecord) {
    return known.map(({ inner, place }) => ({ schema: schema.valueType, value: inner, place }));
  }
  if (!(schema instanceof z.ZodObject)) return [];
  return known.flatMap(({ key, inner, place }) => {
    const member: z.core.$ZodType | undefined = Object.hasOwn(schema.shape, key) ? schema.shape[key] : undefined;
    return member ? [{ schema: member, value: inner, place }] : [];
  });
}

/** The branches of a union; where a key says which one it is, that one. */
function branches(schema: z.ZodUnion, value: unknown): readonly z.core.$ZodType[] {
  if (!(schema instanceof z.ZodDiscriminatedUnion) || !isMapping(value)) return schema.options;
  const { discriminator } = schema.def;
  return schema.options.filter((option: z.core.$ZodType) => {
    const shape = option instanceof z.ZodObject ? option.shape : {};
    const literal: z.core.$ZodType | undefined = shape[discriminator];
    return literal instanceof z.ZodLiteral && literal.values.has(value[discriminator] as string);
  });
}

/** What a schema is beneath `optional`, defaults and transforms. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return bare(schema.def.innerType);
  }
  return schema instanceof z.ZodPipe ? bare(schema.def.in) : schema;
}

/** Whether two schemas are one, apart from what is said of them. */
export function isSame(schema: z.core.$ZodType, other: z.core.$ZodType): boolean {
  return schema === other || schema._zod.def === other._zod.def;
}

/** Whether a reference to a secret belongs here. */
export function isSecretReference(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodUnion && schema.options === secretReference.options;
}
