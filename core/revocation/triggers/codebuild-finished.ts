import { task } from '@tvm/contract/selector.ts';
import * as z from 'zod';
import { accountProblem, arn } from './resource.ts';
import { trigger } from './trigger.ts';

const FINISHED = ['SUCCEEDED', 'FAILED', 'FAULT', 'STOPPED', 'TIMED_OUT'];

const BUILD = /:build\/([\w-]{2,150}):([0-9a-zA-Z-]{36})$/;

/**
 * Revokes the tokens of a build when it finishes: those of its role session, `AWSCodeBuild-` and the build's UUID, and
 * those of the task with the build's ID. A build reads its ID from `CODEBUILD_BUILD_ID`: the project's name, a colon,
 * the UUID.
 *
 * AWS does not document the name of the session, although error messages about a build's permissions show it. The task
 * relies on documented behaviour only.
 *
 * @see https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications-ref.html
 * @see https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
 */
export const codebuildFinished = trigger({
  pattern: () => ({
    source: ['aws.codebuild'],
    'detail-type': ['CodeBuild Build State Change'],
    detail: { 'build-status': FINISHED },
  }),
  detail: z.object({
    'build-id': arn.regex(BUILD, { error: 'must be the ARN of a build' }),
    'build-status': z
      .string({ error: 'must be the status of a build' })
      .max(64, { error: 'must be the status of a build' }),
  }),
  revokes({ account, detail: { 'build-id': build, 'build-status': status } }) {
    if (!FINISHED.includes(status)) return [];
    const [, project = '', uuid = ''] = BUILD.exec(build) ?? [];
    const reason = `CodeBuild build ${status}`;
    const named = task.safeParse(`${project}:${uuid}`);
    return (
      accountProblem(build, account, 'detail.build-id') ?? [
        { selector: { workload: `AWSCodeBuild-${uuid}` }, reason },
        // A longer ID is not a valid task, so no token has it.
        ...(named.success ? [{ selector: { task: named.data }, reason }] : []),
      ]
    );
  },
  example: {
    version: '0',
    id: 'c030038d-8c4d-6141-9545-00ff7b7153ec',
    'detail-type': 'CodeBuild Build State Change',
    source: 'aws.codebuild',
    account: '111122223333',
    time: '2026-11-22T16:14:28Z',
    region: 'us-west-2',
    resources: [
      'arn:aws:codebuild:us-west-2:111122223333:build/my-sample-project:8745a7a9-c340-456a-9166-edf953571bec',
    ],
    detail: {
      'build-status': 'SUCCEEDED',
      'project-name': 'my-sample-project',
      'build-id':
        'arn:aws:codebuild:us-west-2:111122223333:build/my-sample-project:8745a7a9-c340-456a-9166-edf953571bec',
      'additional-information': {
        'timeout-in-minutes': 60,
        'build-complete': true,
        initiator: 'MyCodeBuildDemoUser',
        'build-start-time': 'Nov 22, 2026 4:12:29 PM',
      },
      'current-phase': 'COMPLETED',
      version: '1',
    },
  },
});
