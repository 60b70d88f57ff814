import type { Token } from '../../model/token.ts';
import type { FileOutputSettings } from '../../settings/outputs.ts';

/**
 * The text of a file that holds a token, in one format.
 *
 * @throws {Unwritable} when this format cannot hold it such that it is read back the same
 */
export type Format = (token: Token, tokenName: string, settings: FileOutputSettings) => string;
