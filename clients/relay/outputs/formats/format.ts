import type { Token } from '../../model/token.ts';
import type { FileOutputSettings } from '../../settings/outputs.ts';

/** Learns why a value is not in an output: a clause that names the value and does not contain it. */
export type LeaveOut = (why: string) => void;

/**
 * Renders a token in one file format.
 *
 * @param leaveOut called with a clause about each value that the format leaves out. If absent, no value is left out
 * @throws {Unwritable} if the format cannot represent the token without loss
 */
export type Format = (token: Token, tokenName: string, settings: FileOutputSettings, leaveOut?: LeaveOut) => string;
