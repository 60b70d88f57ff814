import { anyExplanationRequest, explanationRequest } from '@tvm/contract/explanation.ts';
import type { Parsed } from '@tvm/contract/parse-parameters.ts';
import { OMITTED_WHEN_EMPTY, type RequestParameters } from '@tvm/contract/token.ts';
import { type ExplainTokenPorts, explainToken } from '@tvm/core/explain/explain-token.ts';
import { type Caller, namedCaller, parseCaller } from '@tvm/core/identity/caller.ts';
import type { Circumstances, LifetimeRules } from '@tvm/core/issuing/token-decision.ts';
import type { Reader } from '@tvm/core/policy/near-misses.ts';
import type { Clock } from '@tvm/core/ports.ts';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, refuse } from '../runtime/answers.ts';
import { authenticated, readParameters } from '../runtime/api-request.ts';
import { logger } from '../runtime/observability.ts';

/** The path that only operators may call, by IAM. All other paths explain the caller's own requests. */
export const OPERATORS_PATH = '/explain/any';

interface ExplanationInput {
  request: RequestParameters;
  /** `undefined` for an unsupported identity. */
  caller: Caller | undefined;
  circumstances: Circumstances;
  reader: Reader;
}

/**
 * `POST /explain` and `POST /explain/any`: returns the decision on a token request, and why. No token is issued, and
 * nothing is recorded.
 *
 * IAM authorizes callers by path, so the path determines the subject: on `/explain` it is always the caller.
 */
export function explainEndpoint(rules: LifetimeRules, ports: ExplainTokenPorts & { clock: Clock }) {
  return apiHandler(async (event) => {
    const { requestId, userArn } = authenticated(event);
    const now = ports.clock.now();
    const read = event.resource === OPERATORS_PATH ? operatorsInput(event, now) : workloadsInput(event, now);
    if (!read.ok) return refuse({ kind: 'bad_request', bad: read.bad }, requestId);
    const { request, caller, circumstances, reader } = read.value;
    if (caller === undefined) return refuse({ kind: 'unsupported_identity' }, requestId);

    const outcome = await explainToken(request, caller, circumstances, reader, rules, ports);
    const result = outcome.kind === 'explained' ? (outcome.explanation.allowed ? 'allowed' : 'denied') : outcome.kind;
    const subject = caller.subject;
    logger.info('decision explained', { apiRequestId: requestId, by: userArn, subject, reader, outcome: result });
    return outcome.kind === 'explained' ? answer(outcome.explanation) : refuse(outcome, requestId);
  });
}

function workloadsInput(event: APIGatewayProxyEvent, time: number): Parsed<ExplanationInput> {
  const parsed = readParameters(explanationRequest, event, OMITTED_WHEN_EMPTY);
  if (!parsed.ok) return parsed;
  const from = authenticated(event);
  const caller = parseCaller(from.userArn, from.organization);
  return { ok: true, value: { request: parsed.value, caller, circumstances: { ...from, time }, reader: 'workload' } };
}

function operatorsInput(event: APIGatewayProxyEvent, now: number): Parsed<ExplanationInput> {
  const parsed = readParameters(anyExplanationRequest, event, OMITTED_WHEN_EMPTY);
  if (!parsed.ok) return parsed;
  const { subject, source_ip, vpc_endpoint: vpcEndpoint, organization, claims, time, ...request } = parsed.value;
  const caller = namedCaller(subject, { organization, claims });
  const circumstances = {
    sourceIp: source_ip ?? authenticated(event).sourceIp,
    ...(vpcEndpoint !== undefined && { vpcEndpoint }),
    time: time === undefined ? now : Date.parse(time),
  };
  return { ok: true, value: { request, caller, circumstances, reader: 'operator' } };
}
