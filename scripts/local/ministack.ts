import path from 'node:path';
import type { EmulatorKind } from '../emulators/emulator.ts';
import { venvDir } from '../tools/paths.mjs';
import { miniStackBridges } from './ministack-bridges.ts';

/** MiniStack, which is installed with the project. It checks signatures and enforces IAM policies. */
export const miniStack: EmulatorKind = {
  name: 'MiniStack',
  python: path.join(venvDir, 'bin', 'python'),
  module: 'ministack.app',
  health: '/_ministack/health',
  environment: (port, dir) => ({
    GATEWAY_PORT: String(port),
    // The default binds every interface of this computer.
    BIND_HOST: '127.0.0.1',
    // The host in the URLs that MiniStack returns. `localhost` may resolve to ::1, where nothing listens.
    MINISTACK_HOST: '127.0.0.1',
    // Check signatures and enforce IAM policies.
    AUTH: 'true',
    LAMBDA_EXECUTOR: 'local',
    // Disable listeners that nothing here needs; the first would bind every interface.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    PERSIST_STATE: '0',
    S3_PERSIST: '0',
    STATE_DIR: path.join(dir, 'state'),
    S3_DATA_DIR: path.join(dir, 's3'),
  }),
  bridges: miniStackBridges,
};
