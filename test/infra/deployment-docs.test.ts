import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { synthesize } from './synthesize.ts';

// Checks the statements in docs/how-to/deploy.md about a deployment of config/production.toml.

const page = readFileSync('docs/how-to/deploy.md', 'utf8');
const { Resources } = synthesize(readFileSync('config/production.toml', 'utf8')).toJSON() as {
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
};
const resources = Object.values(Resources);
const ofType = (type: string) => resources.filter(({ Type }) => Type === type);

/** Dollars per month in us-east-1, from the AWS pages that docs/how-to/deploy.md links to. */
const PRICES = { keys: 1, alarms: 0.1, dashboards: 3 };

describe('the fixed monthly cost', () => {
  const count = {
    keys: ofType('AWS::KMS::Key').length,
    alarms: ofType('AWS::CloudWatch::Alarm').length,
    dashboards: ofType('AWS::CloudWatch::Dashboard').length,
  };
  const cents = (of: keyof typeof PRICES) => Math.round(count[of] * PRICES[of] * 100);
  const dollars = (amount: number) => `$${(amount / 100).toFixed(2)}`;
  const total = dollars(cents('keys') + cents('alarms') + cents('dashboards'));

  it('is that of the resources in the template', () => {
    const says = (what: string, of: keyof typeof PRICES) =>
      expect(page).toMatch(
        new RegExp(
          `\\| ${what}\\b[^|]* \\| ${count[of]} \\| \\$${PRICES[of].toFixed(2)} \\| \\${dollars(cents(of))} \\|`,
        ),
      );
    says('KMS keys', 'keys');
    says('alarms', 'alarms');
    says('dashboards', 'dashboards');
    expect(page).toContain(`| **together** | | | **${total}** |`);
    expect(readFileSync('README.md', 'utf8')).toContain(`${total} a month`);
  });

  it('has a metric for each alarm, of standard resolution: others cost more', () => {
    expect(ofType('AWS::CloudWatch::CompositeAlarm')).toEqual([]);
    for (const { Properties } of ofType('AWS::CloudWatch::Alarm')) {
      expect(Properties?.Metrics).toBeUndefined();
      expect(Properties?.Period).toBeGreaterThanOrEqual(60);
    }
  });
});

it('documents every service of the template for CloudFormation’s role', () => {
  const services = new Set(resources.map(({ Type }) => Type.split('::')[1] ?? ''));
  const names: Record<string, string> = { ApiGateway: 'apigateway' };
  const line = /^\| CloudFormation’s role .*$/m.exec(page)?.[0] ?? '';
  const said = [...line.matchAll(/`(\w+):\*`/g)].map(([, name]) => name);
  expect(said.toSorted()).toEqual([...services].map((name) => names[name] ?? name.toLowerCase()).toSorted());
});
