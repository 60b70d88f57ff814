import { networkOf } from '@tvm/core/anomaly/network.ts';
import type { Observation } from '@tvm/core/anomaly/observation.ts';
import { OVERALL_DETECTORS, observe } from '@tvm/core/anomaly/observe.ts';
import type { Profile } from '@tvm/core/anomaly/profile.ts';
import type { AnomalySettings, DetectorName } from '@tvm/core/anomaly/settings.ts';
import { describe, expect, it } from 'vitest';
import { settings } from './settings.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

let events = 0;
function observation(time: number, change: Partial<Observation> = {}): Observation {
  const id = `event-${++events}`;
  return {
    eventId: id,
    tokenId: id,
    time,
    subject: 'arn:aws:iam::111122223333:role/orders-service',
    kind: 'issued',
    network: '10.0.0.0/24',
    resources: ['orders-db/orders'],
    beyondGrants: false,
    accepted: false,
    ...change,
  };
}

const many = (count: number, time: number, change: Partial<Observation> = {}) =>
  Array.from({ length: count }, (_, index) => observation(time + index * 10, change));
const refused = { kind: 'denied', resources: [] } as const;
const beyond = { ...refused, beyondGrants: true } as const;

/** Returns a function that adds a batch to one profile and returns the findings. */
function watch(change: Partial<AnomalySettings> = {}, detectors?: Parameters<typeof observe>[4]) {
  let profile: Profile | undefined;
  return (...batch: Observation[]): string[] => {
    const now = Math.max(...batch.map(({ time }) => time)) + MINUTE;
    const observed = observe(profile, batch, { ...settings, ...change }, now, detectors);
    profile = observed.profile;
    return observed.findings.map(({ detector, severity }) => `${detector}: ${severity}`);
  };
}

/** A workload after its learning phase: four days with one token per hour, and a daily peak at ten o'clock. */
function known(busy = 10, change: Partial<AnomalySettings> = {}) {
  const see = watch(change);
  for (let time = START; time < START + 4 * DAY; time += HOUR) {
    see(...many((time / HOUR) % 24 === 10 ? busy : 1, time));
  }
  return { see, now: START + 4 * DAY + HOUR / 2 };
}

describe('a spike of issuing', () => {
  it('is more than three times the usual number', () => {
    const { see, now } = known(20);
    expect(see(...many(60, now))).toEqual([]);
    expect(see(...many(1, now + MINUTE))).toEqual(['issuing-spike: low']);
  });

  it('is not reported for a small number, even if the usual number is smaller', () => {
    const { see, now } = known(1);
    expect(see(...many(49, now))).toEqual([]);
    expect(see(...many(1, now + MINUTE))).toEqual(['issuing-spike: low']);
  });

  it('is more severe from four times its limit on, and is then reported again', () => {
    const { see, now } = known(1);
    expect(see(...many(60, now))).toEqual(['issuing-spike: low']);
    expect(see(...many(139, now + MINUTE))).toEqual([]);
    expect(see(...many(1, now + 2 * MINUTE))).toEqual(['issuing-spike: medium']);
    expect(see(...many(100, now + 3 * MINUTE))).toEqual([]);
  });

  it('is not reported for a new workload', () => {
    const see = watch();
    expect(see(...many(500, START))).toEqual([]);
    expect(see(...many(500, START + 3 * DAY - MINUTE))).toEqual([]);
    expect(see(...many(5000, START + 3 * DAY))).toEqual(['issuing-spike: medium']);
  });

  it('is reported for a nightly job until its third night', () => {
    const see = watch({ learning: DAY / 1000 });
    const nights = Array.from({ length: 7 }, (_, night) => see(...many(80, START + night * DAY)));
    expect(nights.map((found) => found.length)).toEqual([0, 1, 1, 0, 0, 0, 0]);
  });

  it('does not become usual after one or two times', () => {
    const { see, now } = known(10);
    for (let time = 0; time < 3; time++) {
      expect(see(...many(200, now + 2 * time * HOUR))).toEqual(['issuing-spike: medium']);
    }
    expect(see(...many(200, now + 6 * HOUR))).toEqual([]);
  });

  it('is not detected if the number grows slowly', () => {
    const { see, now } = known(20);
    const found = Array.from({ length: 40 }, (_, step) => see(...many(20 + 5 * step, now + step * HOUR)));
    expect(found.flat()).toEqual([]);
  });
});

describe('a spike of denials', () => {
  it('counts denials for every reason', () => {
    const { see, now } = known();
    expect(see(...many(19, now, refused))).toEqual([]);
    expect(see(observation(now + MINUTE, refused))).toEqual(['denial-spike: medium']);
  });

  it('is detected over all workloads even if no single workload has a spike', () => {
    const overall = watch({}, OVERALL_DETECTORS);
    for (let time = START; time < START + 4 * DAY; time += HOUR) overall(observation(time));
    expect(overall(...many(25, START + 4 * DAY, refused))).toEqual(['denial-spike: medium']);
  });
});

describe('requests beyond the grants', () => {
  it('are reported from the tenth request in five minutes on, even for a new workload', () => {
    const see = watch();
    expect(see(...many(9, START, beyond))).toEqual([]);
    expect(see(observation(START + 4 * MINUTE, beyond))).toEqual(['beyond-grants: medium']);
  });

  it('are reported again after an hour, or if they become more severe', () => {
    const see = watch();
    const minutes = Array.from({ length: 90 }, (_, minute) => see(...many(3, START + minute * MINUTE, beyond)));
    expect(minutes.flatMap((found, minute) => found.map(() => minute))).toEqual([3, 63]);
    expect(see(...many(40, START + 90 * MINUTE, beyond))).toEqual(['beyond-grants: high']);
  });

  it('are not detected if they are slow', () => {
    const see = watch();
    const found = Array.from({ length: 300 }, (_, step) => see(...many(9, START + step * 5 * MINUTE, beyond)));
    expect(found.flat()).toEqual([]);
  });

  it('do not include denials because of a missing reason or an external authorizer', () => {
    expect(watch()(...many(30, START, refused))).toEqual([]);
  });
});

describe('a new network', () => {
  const elsewhere = { network: '203.0.113.0/24' };

  it('is reported once, for tokens and for denials', () => {
    const { see, now } = known();
    expect(see(observation(now, elsewhere))).toEqual(['new-network: medium']);
    expect(see(observation(now + 2 * HOUR, elsewhere))).toEqual([]);
    expect(see(observation(now + 2 * HOUR, { ...refused, network: '198.51.100.0/24' }))).toEqual([
      'new-network: medium',
    ]);
  });

  it('is learned during the learning phase, and forgotten after a month without use', () => {
    const see = watch();
    expect(see(observation(START), observation(START, elsewhere))).toEqual([]);
    expect(see(observation(START + 29 * DAY, elsewhere))).toEqual([]);
    expect(see(observation(START + 58 * DAY, elsewhere))).toEqual([]);
    expect(see(observation(START + 60 * DAY))).toEqual(['new-network: medium']);
  });

  it('is not reported for a workload with very many networks', () => {
    const see = watch();
    for (let one = 0; one < 64; one++) see(observation(START + one * MINUTE, { network: `10.1.${one}.0/24` }));
    expect(see(observation(START + 4 * DAY, elsewhere))).toEqual([]);
  });

  it.each([
    ['203.0.113.7', '203.0.113.0/24'],
    ['2001:db8:85a3:8d3:1319:8a2e:370:7348', '2001:db8:85a3::/48'],
    ['2001:DB8::1', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::', 'fe80:0:0::/48'],
    ['1::2:3:4:5:6:7', '1:0:2::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['64:ff9b::192.0.2.33', '64:ff9b:0::/48'],
    ['AWS Internal', undefined],
    ['', undefined],
  ])('for the address %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('a new resource', () => {
  it('is reported once, and only for tokens', () => {
    const { see, now } = known();
    const salaries = { resources: ['hr/salaries'] };
    expect(see(observation(now, { ...refused }))).toEqual([]);
    expect(see(observation(now, salaries), observation(now, salaries))).toEqual(['new-resource: low']);
    expect(see(observation(now + 3 * HOUR, salaries))).toEqual([]);
  });

  it('is reported at most eight times an hour, and not for a workload with very many resources', () => {
    const { see, now } = known(1, { off: ['issuing-spike'] });
    const found = Array.from({ length: 200 }, (_, one) => see(observation(now, { resources: [`db/table-${one}`] })));
    expect(found.flat()).toHaveLength(8);
    expect(see(observation(now + 2 * HOUR, { resources: ['hr/salaries'] }))).toEqual([]);
  });
});

describe('use of a revoked token', () => {
  const presented = { kind: 'revoked-token', resources: [] } as const;

  it('is reported immediately, with high severity if a resource server accepted the token', () => {
    const see = watch();
    expect(see(observation(START, presented))).toEqual(['revoked-token-use: medium']);
    expect(see(observation(START, presented))).toEqual([]);
    expect(see(observation(START, { ...presented, accepted: true }))).toEqual(['revoked-token-use: high']);
  });
});

it('a disabled detector finds nothing', () => {
  const off: DetectorName[] = ['beyond-grants', 'denial-spike'];
  expect(watch({ off })(...many(100, START, beyond))).toEqual([]);
});
