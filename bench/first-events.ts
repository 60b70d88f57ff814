import type { IssuedRecord } from '@tvm/core/records/token-record.ts';
import type { FirstEvent } from './first-event.ts';
import { firstMessages } from './first-messages.ts';
import { firstRequests } from './first-requests.ts';
import type { StubAws } from './stub-aws.ts';
import { vendedToken } from './vended-token.ts';

export interface FirstEvents {
  events: Record<string, FirstEvent>;
  /** The record of the token that the events are about. */
  record: IssuedRecord;
}

/** Returns a first event for each use case. All are about one token, just issued with the key of the stub. */
export async function firstEvents(issuer: string, aws: StubAws): Promise<FirstEvents> {
  const vended = await vendedToken(issuer, aws.privateKey);
  return {
    record: vended.record,
    events: { ...(await firstRequests(issuer, vended, aws)), ...firstMessages(vended, aws) },
  };
}
