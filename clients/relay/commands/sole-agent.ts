import { connect } from 'node:net';
import { Failure } from '@tvm/terminal/failure.ts';
import { exitCodes } from '../failure.ts';

/**
 * Makes sure that no other agent answers on this control socket, before this one writes anything.
 *
 * @throws {Failure} when one does
 */
export async function refuseSecondAgent(socket: string): Promise<void> {
  if (!(await isAnswered(socket))) return;
  throw new Failure(
    `another agent is running: it answers on ${socket}. Stop it, or give this one a control.socket of its own`,
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
