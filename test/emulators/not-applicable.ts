import type { EmulatorKind } from '#scripts/emulators/emulator.ts';

/** The emulators that the tests support. */
export type EmulatorName = EmulatorKind['name'];

/** Tests that cannot run on an emulator, because it lacks what they test. */
interface NotApplicable {
  /** The reason, as a clause. */
  reason: string;
  /** As in `test/e2e/policy.test.ts > a describe > a test`. */
  tests: string[];
}

/**
 * The tests to skip on each emulator. They count as not applicable, never as passed. A name without a test fails the
 * run.
 */
export const notApplicable: Record<EmulatorName, NotApplicable[]> = {
  MiniStack: [],
  LocalStack: [
    {
      reason: 'it does not check signatures',
      tests: [
        'test/e2e/relay-sources.test.ts > the tvm source of TokenRelay, with the deployed service > gets no token with a wrong secret, and its error contains no part of the signed request',
        'test/e2e/vend-and-verify.test.ts > nobody else gets a token > an unsigned request',
        'test/e2e/vend-and-verify.test.ts > nobody else gets a token > a wrong secret',
        'test/e2e/vend-and-verify.test.ts > nobody else gets a token > an unknown key',
      ],
    },
    {
      reason: 'it does not enforce the IAM policies of callers',
      tests: [
        'test/e2e/explain.test.ts > an explanation for a workload > is always about the caller, whatever subject the body names',
        'test/e2e/explain.test.ts > an explanation for an operator > is never about the operator itself',
        'test/e2e/expiry-and-use.test.ts > a report of a token’s use > is denied by IAM to workloads and operators',
        'test/e2e/list-tokens.test.ts > nobody but an operator sees /tokens',
        'test/e2e/list-tokens.test.ts > nobody but an operator sees /tokens/summary',
        'test/e2e/list-tokens.test.ts > nobody but an operator sees /tokens/4a81ca62-404f-430e-871f-5710f1bd1ce7',
        'test/e2e/revocations.test.ts > nothing is done > for a workload, because IAM denies the request',
        'test/e2e/revoke-and-audit.test.ts > a token is not revoked > by a workload that it was not issued to',
        'test/e2e/security-events.test.ts > a receiver’s stream (SSF 1.0, section 8.1) > is closed to a workload, which IAM denies',
        'test/e2e/vend-and-verify.test.ts > nobody else gets a token > a caller whose IAM policy lacks the path',
        'test/e2e/vend-and-verify.test.ts > nobody else gets a token > and each path accepts only its own kind of caller',
      ],
    },
    {
      reason: 'it does not enforce resource policies',
      tests: [
        'test/e2e/audit-archive.test.ts > the archive > can be written only by the archiver, and nobody can remove objects',
        'test/e2e/least-privilege-and-faults.test.ts > nobody but the issuing function signs: the key’s own policy refuses even an administrator of KMS',
      ],
    },
    {
      reason: 'it accepts events with AWS’s own sources from any caller',
      tests: [
        'test/e2e/revocation-triggers.test.ts > nothing is revoked > by an event with a source of AWS, which EventBridge rejects',
      ],
    },
    {
      reason: 'it has no instance metadata service',
      tests: [
        'test/e2e/relay-sources.test.ts > the aws_instance_profile source of TokenRelay > gives credentials from MiniStack’s instance metadata service',
      ],
    },
  ],
};

/** @returns why the test is not applicable on that emulator, or undefined if it is */
export function reasonNotApplicable(emulator: EmulatorName | undefined, test: string): string | undefined {
  return emulator && notApplicable[emulator].find(({ tests }) => tests.includes(test))?.reason;
}
