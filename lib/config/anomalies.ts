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

/** Maximum delay of an SQS message, in seconds. A delayed message revokes the older tokens of a limited workload. */
const LONGEST_DELAY = 900;

/** How long a workload's profile is stored after the workload's last request, in seconds. */
const PROFILE_KEPT = 30 * 86_400;

/**
 * The configuration key `anomalies`: the detectors, and the responses to anomalies.
 *
 * @param duration schema that parses a duration to seconds
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
        'Anomaly detection, and the automatic responses. `off`: detectors to disable. `learning`: how long a new workload is ' +
        'only observed. `cool_down`: how long the same anomaly is not reported again. Both are at most `"30d"`. A spike is a ' +
        'count in five minutes of at least `times` the usual count and of at least `at_least`. `respond`: the response by ' +
        'severity, `"notify"`, `"shorten"` (new tokens live at most `shorten_to`, which is at most `"15m"`) or `"block"`. ' +
        '`restrict_for`: how long a response lasts. See docs/how-to/detect-anomalies.md.',
    }) satisfies z.ZodType<AnomalySettings>;
}
