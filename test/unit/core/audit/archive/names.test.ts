import { eventsKey, firstEventAt, hourPrefix } from '@tvm/core/audit/archive/names.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const times = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });

it('names contain their time and sort by it', () => {
  fc.assert(
    fc.property(times, times, fc.stringMatching(/^[\w-]{1,128}$/), (one, other, eventId) => {
      const [first, second] = [one, other].map((time) => eventsKey({ at: time.getTime(), eventId }));
      expect(firstEventAt(first ?? '')).toBe(one.getTime());
      if (one < other) expect((first ?? '') < (second ?? '')).toBe(true);
    }),
  );
});

it.each([
  ['an invalid day', 'events/dt=2026-02-30/hour=12/2026-02-30T120000.000Z-a.ndjson'],
  ['the hour 24', 'events/dt=2026-11-22/hour=24/2026-11-22T240000.000Z-a.ndjson'],
  ['a month 13', 'events/dt=2026-13-01/hour=12/2026-13-01T120000.000Z-a.ndjson'],
  ['a second 60', 'events/dt=2026-11-22/hour=12/2026-11-22T120060.000Z-a.ndjson'],
  ['another hour in the folder', 'events/dt=2026-11-22/hour=11/2026-11-22T120000.000Z-a.ndjson'],
  ['no event id', 'events/dt=2026-11-22/hour=12/2026-11-22T120000.000Z-.ndjson'],
  ['an additional folder', `${hourPrefix(0)}more/1970-01-01T000000.000Z-a.ndjson`],
])('a name with %s is not valid', (_, key) => {
  expect(firstEventAt(key)).toBeUndefined();
});
