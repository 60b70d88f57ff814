import { bearerOf } from '../../model/token.ts';
import { Unwritable } from '../unwritable.ts';
import type { Format } from './format.ts';

/** The bearer token alone, without a line end: what `$(cat file)` and those who read all bytes take alike. */
export const raw: Format = (token) => {
  const bearer = bearerOf(token);
  if (bearer === undefined) throw new Unwritable('it is no single bearer token, and the format raw holds nothing else');
  return bearer;
};
