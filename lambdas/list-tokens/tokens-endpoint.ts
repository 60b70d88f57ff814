import { tokenLifeRequest, tokenListRequest, tokenSummaryRequest } from '@tvm/contract/token-list.ts';
import { type ListTokensPorts, listTokens } from '@tvm/core/tokens-view/list-tokens.ts';
import type { OpenTokens, TokenTraces } from '@tvm/core/tokens-view/ports.ts';
import { tokenLife } from '@tvm/core/tokens-view/token-life.ts';
import { tokenSummary } from '@tvm/core/tokens-view/token-summary.ts';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, refuse } from '../runtime/answers.ts';
import { authenticated, readQuery } from '../runtime/api-request.ts';

export type TokensEndpointPorts = ListTokensPorts & { traces: TokenTraces; tokens: OpenTokens };

/**
 * `GET /tokens`, `GET /tokens/{id}` and `GET /tokens/summary`: operators, authenticated with SigV4, list issued tokens
 * and denials. IAM decides who may call the operators' paths.
 *
 * @param issuer the URL of this deployment
 */
export function tokensEndpoint(issuer: string, ports: TokensEndpointPorts) {
  return apiHandler(async (event) => {
    const { requestId } = authenticated(event);
    switch (event.resource) {
      case '/tokens':
        return list(event, requestId, issuer, ports);
      case '/tokens/{id}':
        return show(event, requestId, issuer, ports);
      case '/tokens/summary': {
        const request = readQuery(tokenSummaryRequest, event);
        if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);
        return answer(await tokenSummary(ports));
      }
      default:
        throw new Error('this function does not serve the path');
    }
  });
}

async function list(
  event: APIGatewayProxyEvent,
  requestId: string,
  issuer: string,
  ports: TokensEndpointPorts,
): Promise<APIGatewayProxyResult> {
  const request = readQuery(tokenListRequest, event);
  if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);
  const outcome = await listTokens(request.value, issuer, ports);
  if (outcome.kind === 'listed') return answer(outcome.page);
  const problem = 'must be the next_cursor of a page with the same members';
  return refuse({ kind: 'bad_request', bad: { field: 'cursor', problem } }, requestId);
}

async function show(
  event: APIGatewayProxyEvent,
  requestId: string,
  issuer: string,
  ports: TokensEndpointPorts,
): Promise<APIGatewayProxyResult> {
  const request = readQuery(tokenLifeRequest, event);
  if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);
  const outcome = await tokenLife(request.value.id, issuer, ports);
  return outcome.kind === 'life' ? answer(outcome.life) : refuse(outcome, requestId);
}
