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
import { federatedTokenRequest, federatedTokenResponse } from '@tvm/contract/federation.ts';
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
  ['`POST /token`: request', tokenRequest],
  ['An entry of `authorization_details`', authorizationDetail],
  ['`POST /token`: response', tokenResponse],
  ['`POST /federation/token`: request', federatedTokenRequest],
  ['`POST /federation/token`: response', federatedTokenResponse],
  ['The claims of a token', tokenClaims],
  ['`POST /explain`: request', explanationRequest],
  ['`POST /explain/any`: request', anyExplanationRequest],
  ['`POST /explain` and `POST /explain/any`: response', explanation],
  ['An entry of `pairs`', pairExplanation],
  ['An entry of `policies`', decidingPolicy],
  ['An entry of `near_misses`', nearMiss],
  ['An entry of `missed`', missedPart],
  ['The `change` of an explanation', change],
  ['`POST /introspect`: request', introspectionRequest],
  ['`POST /uses`: request', useReport],
  ['`POST /revoke`: request', ownRevocationRequest],
  ['`POST /revocations`: request', revocationRequest],
  ['`POST /revocations`: response', revocationResponse],
  ['`GET /tokens`: request', tokenListRequest],
  ['`GET /tokens`: response', tokenListResponse],
  ['An entry of `tokens`', listedToken],
  ['`GET /tokens/{id}`: response', tokenLifeResponse],
  ['`GET /tokens/summary`: response', tokenSummaryResponse],
  ['Every error', errorResponse],
  ['`POST /security-events`: error', securityEventError],
  ['The claims of a transmitted security event', transmittedClaims],
  ['`POST /security-events/poll`: request', securityEventPollRequest],
  ['`POST /security-events/poll`: response', securityEventPollResponse],
  ['`GET /security-events/streams`: response', streamConfiguration],
  ['`GET /security-events/status`: response', streamStatus],
  ['`POST /security-events/verification`: request', verificationRequest],
] as const;

/** Explains where errors differ from OAuth, and the errors of API Gateway itself. */
const ERROR_STATUS = `### Denied: 403

The service responds with 403 and \`access_denied\` if policy does not allow a request or the workload is blocked. RFC 6749, section 5.2,
uses 400 for a refused token request and has no code for this case; \`access_denied\` comes from its section 4.1.2.1. Here, 400 means that
the request must be changed, and 403 that this workload may not have what it requests (RFC 9110, section 15.5.4). Alarms, proxies and
retries can therefore distinguish the two without reading the body. The body has the form of RFC 6749. Clients that read the body of every
error see \`access_denied\`. Clients that read it only for 400, such as Spring Security (\`OAuth2ErrorResponseErrorHandler\`), report HTTP 403
without a code. Retrying does not help.

### Not authenticated by a proof: 400 or 401

\`POST /federation/token\` refuses a proof of token exchange with 400 and \`invalid_request\` (RFC 8693, section 2.2.2), and a client assertion
with 401 and \`invalid_client\` (RFC 7523, section 3.2). The sentence names what a client can mend: the time, the audience, the trust entry,
or that the proof was used before. The event \`Token Denied\` names the claim. If the keys of the issuer cannot be fetched, the response is
503, so that the client tries again.

### Not authenticated: 403

API Gateway verifies the signature and the caller's IAM permission before the service sees the request. RFC 6749 uses 401 and
\`invalid_client\` for such errors; API Gateway uses 403 without \`WWW-Authenticate\`. The body has the form above: \`error\` is
\`access_denied\`, \`error_description\` is the gateway's message, and \`request_id\` is in the gateway's access log. The header
\`x-amzn-ErrorType\` is present only if the gateway sends the response. It names the cause, as
[AWS documents](https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden):

| \`x-amzn-ErrorType\` | \`error_description\` | cause |
| --- | --- | --- |
| \`MissingAuthenticationTokenException\` | Missing Authentication Token | the request is not signed, or the API has no such path or method (API Gateway does not use 404 or 405 for that) |
| \`InvalidSignatureException\` | The request signature we calculated does not match … | the secret key, the service (\`execute-api\`), the region or the signed body is wrong |
| \`InvalidSignatureException\` | Signature expired: … | the clock of the caller is wrong by more than 5 minutes |
| \`ExpiredTokenException\` | The security token included in the request is expired | the role session has expired |
| \`AccessDeniedException\` | The security token included in the request is invalid. | there is no such access key |
| \`AccessDeniedException\` | User: … is not authorized to perform: execute-api:Invoke … | the caller lacks the managed policy for its kind of caller, or its account is not in \`trusted_accounts\` |

For a host or a stage that does not belong to this API, API Gateway responds with \`{"message":"Forbidden"}\` or
\`{"message":"Missing Authentication Token"}\`, without \`error\`.
`;

/** Returns the reference page of the API: requests, responses, claims and errors as tables. */
export function wirePage(): string {
  const sections = SECTIONS.map(
    ([title, schema]) =>
      `## ${title}\n\n${schema.meta()?.description}\n\n${membersTable(schema)}${schema === errorResponse ? `\n${ERROR_STATUS}` : ''}`,
  );
  const bounds =
    `A request has at most ${limits.bodyBytes} bytes, ${limits.entries} entries and ${limits.pairs} (action, location) pairs in total. ` +
    `JSON is nested at most ${limits.jsonDepth} levels deep, and a location has at most ${limits.locationSegments} segments. A duplicate parameter is refused.`;
  return (
    `${GENERATED}# The API\n\nBodies are \`application/x-www-form-urlencoded\` (\`authorization_details\` as JSON text) or ` +
    `\`application/json\`; the parameters of a \`GET\` are in the query. ${bounds} The OpenAPI document of the API is [openapi.json](openapi.json). Clients can be generated from it; they must sign requests with AWS Signature Version 4, service \`execute-api\`, except those of \`POST /federation/token\`, which a proof in the body authenticates. An example of a generated Python client is [use_client.py](../../test/interop/openapi-client/use_client.py).\n\n` +
    `Error codes: ${errorCode.options.map((code) => `\`${code}\``).join(', ')}. 403 means [denied](#denied-403) or [not authenticated](#not-authenticated-403).\n\n${sections.join('\n')}`
  );
}
