import type { RequestedRevocation } from '@tvm/contract/revocation.ts';
import { iamArn, tokensOf } from './resource.ts';
import { iamName } from './trigger.ts';

/** The minimum severity of a finding that revokes tokens. */
export interface SeveritySettings {
  severity: number;
}

const KIND_OF = new Map<string | undefined, 'role' | 'user'>([
  ['AssumedRole', 'role'],
  ['Role', 'role'],
  ['IAMUser', 'user'],
]);

/** The owner of the credentials that a finding is about. */
interface Principal {
  type?: string | undefined;
  name?: string | undefined;
}

/** Reports whether the name of a role or user is valid. Other principals need no name. */
export function isNamed({ type, name }: Principal): boolean {
  return !KIND_OF.has(type) || iamName.safeParse(name).success;
}

/**
 * Returns the ARN of the role or user whose credentials a finding is about. The whole role is revoked, not one session:
 * stolen session credentials can request new tokens, and only a subject can be blocked.
 *
 * @returns `undefined` for a root user, an account, a service or a federated user, because these get no tokens
 */
export function credentialsOf(
  { type, name }: Principal,
  event: { account: string; region: string },
): string | undefined {
  const kind = KIND_OF.get(type);
  return kind === undefined || name === undefined ? undefined : iamArn(kind, name, event);
}

/** Returns the distinct revocations for a finding. @param arns the ARNs of the resources that the finding is about */
export function revocationsOf(arns: (string | undefined)[], reason: string): RequestedRevocation[] {
  const selectors = arns.flatMap((arn) => (arn === undefined ? [] : (tokensOf(arn) ?? [])));
  const distinct = new Map(selectors.map((selector) => [JSON.stringify(selector), selector]));
  return [...distinct.values()].map((selector) => ({ selector, reason }));
}
