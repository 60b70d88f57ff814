/** The body of a response is longer than the limit. */
export class TooLong extends Error {
  override readonly name = 'TooLong';
}

/**
 * Reads the body of a response as text, up to a limit. A few compressed bytes may become gigabytes.
 *
 * @param most the maximum size in bytes, after decompression
 * @throws {TooLong} if the body is larger
 * @throws {TypeError} if the body is not UTF-8
 */
export async function boundedText(response: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // An exit from the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > most) throw new TooLong(`sent more than ${most} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
