import type { Bridges } from '../emulators/bridges.ts';

/**
 * LocalStack needs no corrections. Its CloudFormation keeps the tables' time to live and the archive's Object Lock, and
 * it does not enforce the bootstrap bucket's policy. It drops point-in-time recovery, the archive's lifecycle and the
 * archive's encryption key. Setting those afterwards would change only what LocalStack reports, not what it does.
 */
export const localStackBridges: Bridges = {
  async afterBootstrap() {},
  async afterDeploy() {},
};
