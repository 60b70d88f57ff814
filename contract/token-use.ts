import * as z from 'zod';
import { action, location } from './authorization-details.ts';
import { unverifiedToken } from './text.ts';

/** The request of `POST /uses`: a resource server reports what a token was used for. */
export const useReport = z
  .strictObject({
    token: unverifiedToken,
    action,
    location,
    outcome: z.enum(['allowed', 'refused'], { error: 'must be allowed or refused' }),
  })
  .meta({ id: 'UseReport', description: 'What a token was used for, and whether the resource server allowed it.' });
export type UseReport = z.infer<typeof useReport>;
