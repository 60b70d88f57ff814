import type { AskedRevocation } from '@tvm/contract/revocation.ts';
import { iamArn, tokensOf } from './resource.ts';
import { iamName } from './trigger.ts';

/** From which severity on a finding takes tokens back. */
export interface SeveritySettings {
  severity: number;
}

const KIND_OF = new Map<string | undefined, 'role' | 'user'>([
  ['AssumedRole', 'role'],
  ['Role', 'role'],
  ['IAMUser', 'user'],
]);

/** Whose credentials a finding is about. */
interface Principal {
  type?: string | undefined;
  name?: string | undefined;
}

/** Whether a role or user has a name; others need none. */
export function isNamed({ type, name }: Principal): boolean {
  return !KIND_OF.has(type) || iamName.safeParse(name).success;
}

/**
 * The ARN of the role or user whose credentials a finding is about, whole: whoever holds stolen credentials of one session
 * of a role asks again, and only a subject can be blocked.
 *
 * @returns `undefined` for a root user, an account, a service, a federated user: nothing is vended to them
 */
export function credentialsOf(
  { type, name }: Principal,
  event: { account: string; region: string },
): string | undefined {
  const kind = KIND_OF.get(type);
  return kind === undefined || name === undefined ? undefined : iamArn(kind, name, event);
}

/** What a finding takes back, by the ARNs of all that it is about; each once. */
export function takenBack(arns: (string | undefined)[], reason: string): AskedRevocation[] {
  const selectors = arns.flatMap((arn) => (arn === undefined ? [] : (tokensOf(arn) ?? [])));
  const distinct = new Map(selectors.map((selector) => [JSON.stringify(selector), selector]));
  return [...distinct.values()].map((selector) => ({ selector, reason }));
}
