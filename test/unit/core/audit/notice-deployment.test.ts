import { noticeDeployment } from '@tvm/core/audit/notice-deployment.ts';
import { describe, expect, it } from 'vitest';
import { inMemoryFacts } from '#test/fakes/in-memory-records.ts';
import { clockAt } from '#test/fakes/in-memory-service.ts';
import { inMemoryDeployments } from '#test/fakes/in-memory-upkeep.ts';

const first = { policyBundle: 'a'.repeat(64), keyArns: ['arn:aws:kms:eu-central-1:111122223333:key/1'] };
const otherPolicies = { ...first, policyBundle: 'b'.repeat(64) };
const rotated = { ...first, keyArns: ['arn:aws:kms:eu-central-1:111122223333:key/2', ...first.keyArns] };

describe('noticeDeployment', () => {
  const seeing = () => ({ deployments: inMemoryDeployments(), facts: inMemoryFacts(), clock: clockAt(1767268800_000) });
  const told = ({ facts }: ReturnType<typeof seeing>) =>
    [...facts.facts.values()].map(({ detailType, detail: { time, ...change } }) => ({ detailType, ...change }));

  it('reports the first deployment, and then each change once', async () => {
    const ports = seeing();
    await noticeDeployment(first, ports);
    const beginning = [
      { detailType: 'Policy Changed', after: first.policyBundle },
      { detailType: 'Signing Keys Changed', before: [], after: first.keyArns },
    ];
    expect(told(ports)).toEqual(beginning);
    for (let again = 0; again < 3; again++) expect(await noticeDeployment(first, ports)).toEqual([]);

    expect(await noticeDeployment(otherPolicies, ports)).toEqual(['Policy Changed']);
    expect(await noticeDeployment(otherPolicies, ports)).toEqual([]);
    expect(await noticeDeployment(rotated, ports)).toEqual(['Policy Changed', 'Signing Keys Changed']);
    expect(told(ports)).toEqual([
      ...beginning,
      { detailType: 'Policy Changed', before: first.policyBundle, after: otherPolicies.policyBundle },
      { detailType: 'Policy Changed', before: otherPolicies.policyBundle, after: first.policyBundle },
      { detailType: 'Signing Keys Changed', before: first.keyArns, after: rotated.keyArns },
    ]);
  });

  it('reports a change again if it happens again later', async () => {
    const ports = seeing();
    for (const deployment of [first, otherPolicies, first, otherPolicies]) await noticeDeployment(deployment, ports);
    expect(told(ports).filter(({ detailType }) => detailType === 'Policy Changed')).toHaveLength(4);
  });

  it('reports each change exactly once, whichever step fails', async () => {
    const ports = seeing();
    let calls = 0;
    const failing = (failAt: number) => {
      const fail = async <T>(call: () => Promise<T>) => {
        if (++calls === failAt) throw new Error('down');
        return call();
      };
      return {
        ...ports,
        deployments: {
          last: () => fail(() => ports.deployments.last()),
          replace: (...args: Parameters<typeof ports.deployments.replace>) =>
            fail(() => ports.deployments.replace(...args)),
        },
        facts: { put: (...args: Parameters<typeof ports.facts.put>) => fail(() => ports.facts.put(...args)) },
      };
    };
    for (const failAt of [1, 2, 3, 4]) {
      calls = 0;
      await expect(noticeDeployment(first, failing(failAt))).rejects.toThrow('down');
      ports.clock.time += 60_000;
    }
    await noticeDeployment(first, ports);
    expect(told(ports).map(({ detailType }) => detailType)).toEqual(['Policy Changed', 'Signing Keys Changed']);
  });

  it('reports a change once if two invocations notice it concurrently', async () => {
    const ports = seeing();
    await Promise.all([noticeDeployment(first, ports), noticeDeployment(first, ports)]);
    expect(told(ports)).toHaveLength(2);
    await Promise.all([noticeDeployment(rotated, ports), noticeDeployment(rotated, ports)]);
    expect(told(ports)).toHaveLength(3);
  });
});
