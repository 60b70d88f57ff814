import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { configSchema, parseConfig } from '#lib/config/config.ts';

const parsed = (toml: string) => parseConfig(toml, 'config/x.toml').anomalies;

describe('the configuration of anomalies', () => {
  it('has the documented defaults', () => {
    const written = configSchema.shape.anomalies.meta()?.written;
    expect(parsed('')).toEqual(parsed(`anomalies = ${written}`));
    expect(parse(`anomalies = ${written}`)).toHaveProperty('anomalies.learning', '3d');
  });

  it('enables no responses by default', () => {
    expect(parsed('').respond).toEqual({ low: 'notify', medium: 'notify', high: 'notify' });
    expect(parsed('[anomalies]\nrespond = { high = "block" }').respond).toEqual({
      low: 'notify',
      medium: 'notify',
      high: 'block',
    });
  });

  it.each([
    ['off = ["new-planet"]', 'anomalies.off.0 must be a detector: issuing-spike'],
    ['respond = { high = "delete" }', 'anomalies.respond.high must be notify, shorten or block'],
    ['shorten_to = "1h"', 'anomalies.shorten_to must be at most "15m"'],
    ['restrict_for = "31d"', 'anomalies.restrict_for must be at most "30d"'],
    ['learning = 3', 'anomalies.learning must be a duration such as "15m"'],
    ['issuing_spike = { times = 0.5 }', 'anomalies.issuing_spike.times must be at least 1'],
    ['beyond_grants = { at_least = 0 }', 'anomalies.beyond_grants.at_least must be at least 1'],
    ['denial_spike = { window = "5m" }', 'anomalies.denial_spike.window is not a configuration key'],
  ])('refuses %s', (toml, message) => {
    expect(() => parsed(`[anomalies]\n${toml}`)).toThrow(message);
  });
});

it('an alarm is written to an address, or to nobody', () => {
  expect(parseConfig('', 'config/x.toml').alarm_email).toBeUndefined();
  expect(() => parseConfig('alarm_email = "security"', 'config/x.toml')).toThrow(
    'config/x.toml: alarm_email must be an e-mail address',
  );
});
