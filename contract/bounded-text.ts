/** The body of a response has more bytes than are read. */
export class TooLong extends Error {
  override readonly name = 'TooLong';
}

/**
 * Reads the body of a response as text, and no more of it than wanted: compressed, a few bytes may become gigabytes.
 *
 * @param most bytes, after decompression
 * @throws {TooLong} when there are more; `TypeError` when they are not UTF-8
 */
export async function boundedText(response: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > most) throw new TooLong(`answered with more than ${most} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
