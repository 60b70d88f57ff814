import { SECURITY_EVENT_TYPE } from '@tvm/contract/security-event.ts';
import * as z from 'zod';
import { boundedFetch } from './bounded-fetch.ts';

/** A receiver's response to a security event token. */
export type Pushed = { accepted: true } | { accepted: false; err: string };

/** Timeout for a receiver's response, in milliseconds. */
const TIMEOUT = 5_000;

/** A refusal (RFC 8935, section 2.3). Only the code is read, since its format makes it safe to log. */
const refusal = z.object({ err: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) });

/**
 * Pushes a security event token to a receiver (RFC 8935, section 2).
 *
 * @returns whether the receiver accepted the token or refused it permanently
 * @throws for any other response and for none, since the receiver may accept the token later
 */
export async function pushSecurityEvent(url: string, token: string): Promise<Pushed> {
  const request = {
    method: 'POST',
    headers: {
      'content-type': `application/${SECURITY_EVENT_TYPE}`,
      accept: 'application/json',
      'accept-language': 'en',
    },
    body: token,
  };
  const { status, text } = await boundedFetch(url, request, TIMEOUT);
  if (status === 202) return { accepted: true };
  const refused = status === 400 ? refusal.safeParse(jsonOf(text)).data : undefined;
  if (refused === undefined) throw new Error(`the receiver responded with status ${status}`);
  return { accepted: false, err: refused.err };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
