import type { ReadPolicies } from '@tvm/core/policy/build-bundle.ts';

/** The content of the files of a policy directory. */
export type Content = ReadPolicies['content'];
