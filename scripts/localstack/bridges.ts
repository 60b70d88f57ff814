import type { Bridges } from '../emulators/bridges.ts';

/**
 * Nothing has to be made up for: LocalStack's CloudFormation keeps the tables' time to live and the archive's Object
 * Lock, and the bootstrap bucket's policy is not enforced. It drops point-in-time recovery, the archive's lifecycle and
 * the key that it is encrypted with. Setting those afterwards would change what LocalStack says, and nothing it does.
 */
export const localStackBridges: Bridges = {
  async afterBootstrap() {},
  async afterDeploy() {},
};
