import { isMapping } from '../model/values.ts';
import { alternatives, resolveText } from './intrinsics.ts';

/** Returns the principals of one kind in a statement as text. `*` is an `AWS` principal. */
export function principalsOf(principal: unknown, kind: 'AWS' | 'Federated' | 'Service'): string[] {
  return alternatives(principal)
    .flatMap((each) => (isMapping(each) ? alternatives(each[kind]) : kind === 'AWS' ? [each] : []))
    .map((each) => resolveText(each));
}

/** Returns the account id if a principal is the root of an account, which means the whole account. */
export function rootOfAccount(principal: string): string | undefined {
  return /^(?:arn:[^:]*:iam::)?(\d{12})(?::root)?$/.exec(principal)?.[1];
}
