/** The first event that a fresh function gets, with a check of its response. */
export interface FirstEvent {
  event: object;
  /** Variables that differ from the deployed environment, such as the addresses of services other than AWS. */
  environment?: Record<string, string>;
  /**
   * @param awsCalls the AWS operations that the response needed
   * @throws CheckFailed
   */
  check(response: unknown, awsCalls: readonly string[]): Promise<void> | void;
}
