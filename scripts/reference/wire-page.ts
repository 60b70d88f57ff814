import { authorizationDetail } from '@tvm/contract/authorization-details.ts';
import { errorCode, errorResponse } from '@tvm/contract/errors.ts';
import {
  anyExplanationRequest,
  change,
  decidingPolicy,
  explanation,
  explanationRequest,
  missedPart,
  nearMiss,
  pairExplanation,
} from '@tvm/contract/explanation.ts';
import { introspectionRequest } from '@tvm/contract/introspection.ts';
import { limits } from '@tvm/contract/limits.ts';
import { ownRevocationRequest, revocationRequest, revocationResponse } from '@tvm/contract/revocation.ts';
import { securityEventError, transmittedClaims } from '@tvm/contract/security-event.ts';
import { securityEventPollRequest, securityEventPollResponse } from '@tvm/contract/security-event-poll.ts';
import { streamConfiguration, streamStatus, verificationRequest } from '@tvm/contract/security-event-stream.ts';
import { tokenClaims, tokenRequest, tokenResponse } from '@tvm/contract/token.ts';
import {
  listedToken,
  tokenLifeResponse,
  tokenListRequest,
  tokenListResponse,
  tokenSummaryResponse,
} from '@tvm/contract/token-list.ts';
import { useReport } from '@tvm/contract/token-use.ts';
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

/** What a client sees that expects what OAuth says, and what API Gateway answers before the service sees a request. */
const ERROR_STATUS = `### Denied: 403

A request that policy does not allow, and one of a blocked workload, is answered with 403 and \`access_denied\`. RFC 6749, section 5.2,
has 400 for a refused token request, and no code for this case: \`access_denied\` is of its section 4.1.2.1. Here 400 means that the
request must be changed, and 403 that this workload may not have what it asks for (RFC 9110, section 15.5.4), so that alarms, proxies and retries
tell one from the other without the body. The body has the form of RFC 6749 all the same. Clients that read it for any status from 400 on see
\`access_denied\`. Clients that read it for 400 alone, such as Spring Security (\`OAuth2ErrorResponseErrorHandler\`), report HTTP 403 and no
code. To ask again does not help.

### Not authenticated: 403

API Gateway verifies the signature, and whether IAM allows the call, before the service sees the request. RFC 6749 has 401 and \`invalid_client\`
for that; API Gateway has 403 and no \`WWW-Authenticate\`. The body has the form above: \`error\` is \`access_denied\`, \`error_description\` what
the gateway says, \`request_id\` is in its access log. The header \`x-amzn-ErrorType\` is there only if the gateway answers, and says why, as
[AWS documents](https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden):

| \`x-amzn-ErrorType\` | \`error_description\` | cause |
| --- | --- | --- |
| \`MissingAuthenticationTokenException\` | Missing Authentication Token | the request is not signed; or the API has no such path or method, which is not answered with 404 or 405 |
| \`InvalidSignatureException\` | The request signature we calculated does not match … | the secret key, the service (\`execute-api\`), the region or the signed body is wrong |
| \`InvalidSignatureException\` | Signature expired: … | the clock of the caller is wrong by more than 5 minutes |
| \`ExpiredTokenException\` | The security token included in the request is expired | the session of the role has ended |
| \`AccessDeniedException\` | The security token included in the request is invalid. | there is no such access key |
| \`AccessDeniedException\` | User: … is not authorized to perform: execute-api:Invoke … | the caller lacks the managed policy of its kind; or its account is not in \`trusted_accounts\` |

A host or a stage that is none of this API is answered by API Gateway at large: \`{"message":"Forbidden"}\` or
\`{"message":"Missing Authentication Token"}\`, without \`error\`.
`;

/** Requests, answers, claims and errors as tables. */
export function wirePage(): string {
  const sections = SECTIONS.map(
    ([title, schema]) =>
      `## ${title}\n\n${schema.meta()?.description}\n\n${membersTable(schema)}${schema === errorResponse ? `\n${ERROR_STATUS}` : ''}`,
  );
  const bounds =
    `At most ${limits.bodyBytes} bytes, ${limits.entries} entries, ${limits.pairs} (action, location) pairs over all entries, ` +
    `JSON nested ${limits.jsonDepth} levels deep; a location has at most ${limits.locationSegments} segments. A parameter given twice is refused.`;
  return (
    `${GENERATED}# The wire\n\nBodies are \`application/x-www-form-urlencoded\` (\`authorization_details\` as JSON text) or ` +
    `\`application/json\`; what a \`GET\` asks stands in its query. ${bounds} The same as an OpenAPI document: [openapi.json](openapi.json). Clients can be generated from it; they sign requests with AWS Signature Version 4, service \`execute-api\`. A generated Python client that does: [use_client.py](../../test/interop/openapi-client/use_client.py).\n\n` +
    `Error codes: ${errorCode.options.map((code) => `\`${code}\``).join(', ')}. 403 is [denied](#denied-403) or [not authenticated](#not-authenticated-403).\n\n${sections.join('\n')}`
  );
}
