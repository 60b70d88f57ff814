import { isDistinct } from '@tvm/contract/distinct.ts';
import { limits } from '@tvm/contract/limits.ts';
import { anomalyDetected } from '@tvm/contract/oversight-events.ts';
import type { AnomalySettings } from '@tvm/core/anomaly/settings.ts';
import * as z from 'zod';

const { detector, response } = anomalyDetected.shape;
const names = detector.options.join(', ');

const count = z.int({ error: 'must be a whole number' }).min(1, { error: 'must be at least 1' });
const times = z.number({ error: 'must be a number' }).min(1, { error: 'must be at least 1' });
const SPIKE = { error: 'must be a table of times and at_least' };
const responding = z.enum(response.options, { error: 'must be notify, shorten or block' }).default('notify');

/** SQS keeps a message back for at most so many seconds: a shortened workload's tokens are taken back by one. */
const LONGEST_DELAY = 900;

/** What is known of a workload is kept for so long after it last asked for a token. */
const PROFILE_KEPT = 30 * 86_400;

/**
 * The key `anomalies` of the configuration: what is unusual, and what is done about it.
 *
 * @param duration reads a duration, in seconds
 */
export function anomalies(duration: z.ZodType<number, string>) {
  const beforeForgotten = duration.refine((seconds) => seconds <= PROFILE_KEPT, { error: 'must be at most "30d"' });
  return z
    .strictObject(
      {
        off: z
          .array(z.enum(detector.options, { error: `must be a detector: ${names}` }), {
            error: 'must be an array of detectors',
          })
          .refine(isDistinct, { error: 'must name each detector once' })
          .default([]),
        learning: beforeForgotten.prefault('3d'),
        cool_down: beforeForgotten.prefault('1h'),
        issuing_spike: z.strictObject({ times: times.default(3), at_least: count.default(50) }, SPIKE).prefault({}),
        denial_spike: z.strictObject({ times: times.default(3), at_least: count.default(20) }, SPIKE).prefault({}),
        beyond_grants: z
          .strictObject({ at_least: count.default(10) }, { error: 'must be a table of at_least' })
          .prefault({}),
        respond: z
          .strictObject(
            { low: responding, medium: responding, high: responding },
            { error: 'must be a table of low, medium and high' },
          )
          .prefault({}),
        shorten_to: duration
          .refine((seconds) => seconds <= LONGEST_DELAY, { error: 'must be at most "15m"' })
          .prefault('60s'),
        restrict_for: duration
          .refine((seconds) => seconds <= limits.block, { error: 'must be at most "30d"' })
          .prefault('1h'),
      },
      { error: 'must be a table, such as [anomalies]' },
    )
    .prefault({})
    .meta({
      written:
        '{ off = [], learning = "3d", cool_down = "1h", issuing_spike = { times = 3, at_least = 50 }, ' +
        'denial_spike = { times = 3, at_least = 20 }, beyond_grants = { at_least = 10 }, ' +
        'respond = { low = "notify", medium = "notify", high = "notify" }, shorten_to = "60s", restrict_for = "1h" }',
      description:
        'What is unusual, and what the machine does about it by itself. `off`: detectors not to ask. `learning`: how long ' +
        'a workload is only learnt about. `cool_down`: how long the same anomaly is not told of again, both at most `"30d"`. A spike is so many ' +
        '`times` what is usual in five minutes, and `at_least` so many. `respond`: `"notify"`, `"shorten"` (tokens live ' +
        '`shorten_to` at most, `"15m"` or less) or `"block"`, by severity, for `restrict_for`. docs/how-to/detect-anomalies.md says more.',
    }) satisfies z.ZodType<AnomalySettings>;
}
