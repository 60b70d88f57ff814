/** A failure to open an endpoint. The message names the endpoint. */
export class EndpointFailure extends Error {
  override readonly name = 'EndpointFailure';
}
