import type { ReadPolicies } from '@tvm/core/policy/build-bundle.ts';

/** What the files of a policy directory say. */
export type Content = ReadPolicies['content'];
