import { expect, it } from 'vitest';
import { EVERYTHING, synthesize } from './synthesize.ts';

const template = synthesize(EVERYTHING);
const functions = template.findResources('AWS::Lambda::Function');

/** The queues that a function may send to, by logical id. */
function sentTo(id: string): string[] {
  const role = functions[id]?.Properties.Role['Fn::GetAtt'][0];
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) => Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .filter(({ Action }) => [Action].flat().includes('sqs:SendMessage'))
    .flatMap(({ Resource }) => [Resource].flat().map((one) => one['Fn::GetAtt'][0]));
}

/** The functions that read a queue. */
function readersOf(queue: string): string[] {
  return Object.values(template.findResources('AWS::Lambda::EventSourceMapping'))
    .filter(({ Properties }) => Properties.EventSourceArn['Fn::GetAtt'][0] === queue)
    .map(({ Properties }) => Properties.FunctionName.Ref);
}

/** Reports whether a function can invoke itself through queues. */
function isInLoop(id: string): boolean {
  const reached = new Set<string>();
  const waiting = [id];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const called = sentTo(next).flatMap(readersOf);
    waiting.push(...called.filter((one) => !reached.has(one)));
    for (const one of called) reached.add(one);
  }
  return reached.has(id);
}

it('Lambda stops every loop of functions and queues except the one that is finite', () => {
  const allowed = Object.entries(functions).filter(([, { Properties }]) => Properties.RecursiveLoop === 'Allow');
  const ids = allowed.map(([id]) => id);
  expect(ids).toEqual([expect.stringMatching(/^revocationrevoketokensbyevent/)]);
  expect(Object.keys(functions).filter(isInLoop)).toEqual(ids);
});
