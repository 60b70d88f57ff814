import { connect } from 'node:net';
import { Failure } from '@tvm/terminal/failure.ts';
import { exitCodes } from '../failure.ts';

/**
 * Checks, before this agent writes anything, that no other agent is listening on this control socket.
 *
 * @throws {Failure} if another agent is listening
 */
export async function refuseSecondAgent(socket: string): Promise<void> {
  if (!(await isAnswered(socket))) return;
  throw new Failure(
    `another agent is listening on ${socket}. Stop it, or set a different control.socket for this agent`,
    { code: 'second_agent', exitCode: exitCodes.fault },
  );
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(path);
    const settle = (answered: boolean) => {
      connection.destroy();
      resolve(answered);
    };
    connection.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}
