/** The first event that a fresh function gets, and what its answer must be. */
export interface FirstEvent {
  event: object;
  /** What its environment says otherwise than the deployed one: where those are whom it talks to besides AWS. */
  environment?: Record<string, string>;
  /**
   * @param awsCalls the AWS operations that the answer took
   * @throws CheckFailed
   */
  check(answer: unknown, awsCalls: readonly string[]): Promise<void> | void;
}
