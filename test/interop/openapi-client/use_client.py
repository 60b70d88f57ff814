"""Calls the service with the generated client, and prints the parsed responses as JSON, but never a token."""

import json
import os
import sys

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from token_vending_machine_client import Client
from token_vending_machine_client.api.default import introspect, jwks_json, revoke, token, tokens_id
from token_vending_machine_client.models import (
    ActiveToken,
    AuthorizationDetail,
    ErrorResponse,
    InactiveToken,
    IntrospectionRequest,
    JsonWebKeySet,
    OwnRevocationRequest,
    TokenLife,
    TokenRequest,
    TokenRequestForm,
    TokenResponse,
)


class SigV4(httpx.Auth):
    """Signs each request for API Gateway with AWS Signature Version 4."""

    requires_request_body = True

    def __init__(self, key_id, secret, region):
        self.signer = SigV4Auth(Credentials(key_id, secret), "execute-api", region)

    def auth_flow(self, request):
        signed = AWSRequest(request.method, str(request.url), data=request.content)
        signed.headers["content-type"] = request.headers.get("content-type", "")
        self.signer.add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


def client(caller):
    key_id, secret = os.environ[f"{caller}_ID"], os.environ[f"{caller}_SECRET"]
    auth = SigV4(key_id, secret, os.environ["AWS_REGION"])
    return Client(base_url=endpoint, raise_on_unexpected_status=True, timeout=20, httpx_args={"auth": auth})


def of(type_, answer):
    """Returns the response, which must have this generated type."""
    if not isinstance(answer.parsed, type_):
        sys.exit(f"expected {type_.__name__}, got {answer.status_code} {type(answer.parsed).__name__}")
    return answer.parsed


def asked(action):
    return AuthorizationDetail(type_="resource", locations=["orders-db/orders"], actions=[action])


def request(action):
    return TokenRequest(
        grant_type="client_credentials", audience="orders-db", expires_in=300, authorization_details=[asked(action)]
    )


endpoint = sys.argv[1]
workload, resource_server, operator = client("WORKLOAD"), client("RESOURCE_SERVER"), client("OPERATOR")

issued = of(TokenResponse, token.sync_detailed(client=workload, body=request("read")))
form = TokenRequestForm(
    grant_type="client_credentials",
    audience="orders-db",
    authorization_details=json.dumps([asked("read").to_dict()]),
)
by_form = of(TokenResponse, token.sync_detailed(client=workload, body=form))


def introspected(type_):
    body = IntrospectionRequest(token=issued.access_token)
    return of(type_, introspect.sync_detailed(client=resource_server, body=body))


active = introspected(ActiveToken)
denied = of(ErrorResponse, token.sync_detailed(client=workload, body=request("write")))
revoke.sync_detailed(client=workload, body=OwnRevocationRequest(token_id=issued.token_id))
inactive = introspected(InactiveToken)
life = of(TokenLife, tokens_id.sync_detailed(client=operator, id=issued.token_id))
missing = of(
    ErrorResponse, tokens_id.sync_detailed(client=operator, id="00000000-0000-0000-0000-000000000000")
)
keys = of(JsonWebKeySet, jwks_json.sync_detailed(client=Client(base_url=endpoint)))

print(
    json.dumps(
        {
            "issued": {
                "type": issued.token_type,
                "expires_in": issued.expires_in,
                "details": [detail.to_dict() for detail in issued.authorization_details],
            },
            "by_form": [detail.to_dict() for detail in by_form.authorization_details],
            "active": {
                "active": active.active,
                "sub": active.sub,
                "same_token": active.jti == issued.token_id,
                "list": active.status.status_list.uri.startswith(endpoint),
            },
            "denied": denied.error.value,
            "inactive": inactive.to_dict(),
            "life": {"state": life.state.value, "audience": life.audience},
            "missing": missing.error.value,
            "keys": [key.alg.value for key in keys.keys],
        },
        default=str,
    )
)
