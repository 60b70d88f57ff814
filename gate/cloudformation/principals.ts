import { isMapping } from '../model/values.ts';
import { alternatives, resolveText } from './intrinsics.ts';

/** The principals of a statement of one kind, as text; `*` is an `AWS` principal. */
export function principalsOf(principal: unknown, kind: 'AWS' | 'Federated'): string[] {
  return alternatives(principal)
    .flatMap((each) => (isMapping(each) ? alternatives(each[kind]) : kind === 'AWS' ? [each] : []))
    .map((each) => resolveText(each));
}

/** The account, if another one is named in full, whose root a principal is: all of the account. */
export function rootOfAccount(principal: string): string | undefined {
  return /^(?:arn:[^:]*:iam::)?(\d{12})(?::root)?$/.exec(principal)?.[1];
}
