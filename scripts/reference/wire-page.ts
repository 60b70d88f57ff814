import { authorizationDetail } from '../../contract/authorization-details.ts';
import { errorCode, errorResponse } from '../../contract/errors.ts';
import {
  anyExplanationRequest,
  change,
  decidingPolicy,
  explanation,
  explanationRequest,
  missedPart,
  nearMiss,
  pairExplanation,
} from '../../contract/explanation.ts';
import { introspectionRequest } from '../../contract/introspection.ts';
import { limits } from '../../contract/limits.ts';
import { ownRevocationRequest, revocationRequest, revocationResponse } from '../../contract/revocation.ts';
import { securityEventError, transmittedClaims } from '../../contract/security-event.ts';
import { securityEventPollRequest, securityEventPollResponse } from '../../contract/security-event-poll.ts';
import { streamConfiguration, streamStatus, verificationRequest } from '../../contract/security-event-stream.ts';
import { tokenClaims, tokenRequest, tokenResponse } from '../../contract/token.ts';
import {
  listedToken,
  tokenLifeResponse,
  tokenListRequest,
  tokenListResponse,
  tokenSummaryResponse,
} from '../../contract/token-list.ts';
import { useReport } from '../../contract/token-use.ts';
import { GENERATED, membersTable } from './tables.ts';

const SECTIONS = [
  ['`POST /token`: asked', tokenRequest],
  ['An entry of `authorization_details`', authorizationDetail],
  ['`POST /token`: answered', tokenResponse],
  ['The claims of a token', tokenClaims],
  ['`POST /explain`: asked', explanationRequest],
  ['`POST /explain/any`: asked', anyExplanationRequest],
  ['`POST /explain` and `POST /explain/any`: answered', explanation],
  ['An entry of `pairs`', pairExplanation],
  ['An entry of `policies`', decidingPolicy],
  ['An entry of `near_misses`', nearMiss],
  ['An entry of `missed`', missedPart],
  ['The `change` of an explanation', change],
  ['`POST /introspect`: asked', introspectionRequest],
  ['`POST /uses`: asked', useReport],
  ['`POST /revoke`: asked', ownRevocationRequest],
  ['`POST /revocations`: asked', revocationRequest],
  ['`POST /revocations`: answered', revocationResponse],
  ['`GET /tokens`: asked', tokenListRequest],
  ['`GET /tokens`: answered', tokenListResponse],
  ['An entry of `tokens`', listedToken],
  ['`GET /tokens/{id}`: answered', tokenLifeResponse],
  ['`GET /tokens/summary`: answered', tokenSummaryResponse],
  ['Every error', errorResponse],
  ['`POST /security-events`: refused', securityEventError],
  ['A security event that is transmitted: its claims', transmittedClaims],
  ['`POST /security-events/poll`: asked', securityEventPollRequest],
  ['`POST /security-events/poll`: answered', securityEventPollResponse],
  ['`GET /security-events/streams`: answered', streamConfiguration],
  ['`GET /security-events/status`: answered', streamStatus],
  ['`POST /security-events/verification`: asked', verificationRequest],
] as const;

/** Requests, answers, claims and errors as tables. */
export function wirePage(): string {
  const sections = SECTIONS.map(
    ([title, schema]) => `## ${title}\n\n${schema.meta()?.description}\n\n${membersTable(schema)}`,
  );
  const bounds =
    `At most ${limits.bodyBytes} bytes, ${limits.entries} entries, ${limits.pairs} (action, location) pairs over all entries, ` +
    `JSON nested ${limits.jsonDepth} levels deep; a location has at most ${limits.locationSegments} segments. A parameter given twice is refused.`;
  return (
    `${GENERATED}# The wire\n\nBodies are \`application/x-www-form-urlencoded\` (\`authorization_details\` as JSON text) or ` +
    `\`application/json\`; what a \`GET\` asks stands in its query. ${bounds} The same as an OpenAPI document: [openapi.json](openapi.json). Clients can be generated from it; they sign requests with AWS Signature Version 4, service \`execute-api\`. A generated Python client that does: [use_client.py](../../test/e2e/openapi-client/use_client.py).\n\n` +
    `Error codes: ${errorCode.options.map((code) => `\`${code}\``).join(', ')}.\n\n${sections.join('\n')}`
  );
}
