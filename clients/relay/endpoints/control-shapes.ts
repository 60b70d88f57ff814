import * as z from 'zod';
import type { OutputStatus, TokenState, TokenStatus } from '../model/status.ts';

/** Responses of the control socket, for server and client. For `GET /v1/tokens/{name}`, with RFC 3339 times. */
export const controlToken = z.object({
  name: z.string(),
  values: z.record(z.string(), z.string()),
  fetched_at: z.iso.datetime(),
  expires_at: z.iso.datetime().optional(),
});
export type ControlToken = z.infer<typeof controlToken>;

const states = ['waiting', 'fresh', 'retrying', 'stale', 'expired', 'revoked'] as const satisfies readonly TokenState[];
const milliseconds = z.number();

const outputStatus = z.object({
  name: z.string(),
  problem: z.string().optional(),
}) satisfies z.ZodType<OutputStatus>;

/** The status of one token. Times are in milliseconds since the epoch. */
export const controlTokenStatus = z.object({
  name: z.string(),
  type: z.string(),
  state: z.enum(states),
  fetchedAt: milliseconds.optional(),
  expiresAt: milliseconds.optional(),
  nextFetchAt: milliseconds.optional(),
  failures: z.number(),
  fetches: z.object({ succeeded: z.number(), failed: z.number() }),
  lastError: z.string().optional(),
  outputs: z.array(outputStatus),
}) satisfies z.ZodType<TokenStatus>;

/** The response to `GET /v1/status`. */
export const controlStatus = z.object({ tokens: z.array(controlTokenStatus) });
export type ControlStatus = z.infer<typeof controlStatus>;

/** The response to `POST /v1/tokens/{name}/refresh`. */
export const controlRefresh = z.object({ status: controlTokenStatus });
export type ControlRefresh = z.infer<typeof controlRefresh>;

/** The body of every status other than 200, such as `unknown_token` (404), `not_ready` (503), `fetch_failed` (502). */
export const controlError = z.object({ error: z.string(), error_description: z.string() });
export type ControlError = z.infer<typeof controlError>;
