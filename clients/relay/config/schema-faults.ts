import * as shared from '@tvm/core/settings/read-by-schema.ts';
import type * as z from 'zod';
import { isSecretReference } from '../settings/secret-reference.ts';

/** Parses a value with a schema. Errors do not quote a value where the schema has a secret. */
export function readBySchema<S extends z.ZodType>(schema: S, value: unknown): shared.Read<S> {
  return shared.readBySchema(schema, value, { isSecret: isSecretReference });
}
