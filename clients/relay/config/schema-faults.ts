import * as shared from '@tvm/core/settings/read-by-schema.ts';
import type * as z from 'zod';
import { isSecretReference } from '../settings/secret-reference.ts';

/** Reads a value by a schema; what stands where a secret belongs is not repeated. */
export function readBySchema<S extends z.ZodType>(schema: S, value: unknown): shared.Read<S> {
  return shared.readBySchema(schema, value, { isSecret: isSecretReference });
}
