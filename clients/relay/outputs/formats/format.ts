import type { Token } from '../../model/token.ts';
import type { FileOutputSettings } from '../../settings/outputs.ts';

/**
 * Renders a token in one file format.
 *
 * @throws {Unwritable} if the format cannot represent the token without loss
 */
export type Format = (token: Token, tokenName: string, settings: FileOutputSettings) => string;
