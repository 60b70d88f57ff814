/** Why an endpoint cannot be opened: a sentence that names it. */
export class EndpointFailure extends Error {
  override readonly name = 'EndpointFailure';
}
