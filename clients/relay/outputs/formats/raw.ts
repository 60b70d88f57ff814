import { bearerOf } from '../../model/token.ts';
import { Unwritable } from '../unwritable.ts';
import type { Format } from './format.ts';

/** The bearer token alone, without a newline, for `$(cat file)` and for programs that read the whole file. */
export const raw: Format = (token) => {
  const bearer = bearerOf(token);
  if (bearer === undefined) throw new Unwritable('it is not a single bearer token, which the format raw needs');
  return bearer;
};
