"""Simulates errors of AWS services through IAM's own API. LocalStack stores policies but enforces none.

This is fault injection, not enforcement of IAM. A call is refused only if it is signed by a session of a role with an
inline policy that denies this action, in a statement with every resource and no condition. Every other call is allowed,
whatever the policies say, so a successful call does not prove that the role may make it.
"""

import functools
import json
from collections.abc import Iterator
from urllib.parse import unquote

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.runtime import hooks
from localstack.services.iam.models import iam_stores
from localstack.services.sts.models import sts_stores
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

# IAM has no action for a transaction: each item is allowed or denied like a single call.
ITEM_ACTIONS = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}


@hooks.on_infra_start()
def refuse_explicitly_denied() -> None:
    """Runs before LocalStack accepts calls; LocalStack finds it through its entry point."""
    handlers.serve_custom_service_request_handlers.append(refuse_if_denied)


def refuse_if_denied(_chain: object, context: RequestContext, _response: object) -> None:
    """:raises CommonServiceException: with the code of the called service"""
    if context.service is None or context.operation is None:
        return
    session = sts_stores[context.account_id][context.region].credentials.get(
        extract_access_key_id_from_auth_header(context.request.headers)
    )
    if session is None or ":assumed-role/" not in session.arn:
        return
    role = iam_stores[session.account_id][context.region].ROLES.get(session.arn.split("/")[1])
    if role is None:
        return
    denied = {action for document in list(role.inline_policies.values()) for action in _denied(document)}
    for action in _actions(context) if denied else ():
        if action in denied:
            who = f"User: {session.arn} is not authorized to perform: {action}"
            why = f"{who} with an explicit deny in an identity-based policy"
            in_xml = context.protocol in ("rest-xml", "query")
            status = 403 if in_xml or context.protocol == "rest-json" else 400
            raise CommonServiceException("AccessDenied" if in_xml else "AccessDeniedException", why, status, True)


def _actions(context: RequestContext) -> Iterator[str]:
    """The IAM actions of this call. Actions whose name differs from the operation's, as some of S3's, are not supported."""
    name = f"{context.service.signing_name}:{context.operation.name}"
    if name in ("dynamodb:TransactWriteItems", "dynamodb:TransactGetItems"):
        for item in context.service_request["TransactItems"]:
            yield from (ITEM_ACTIONS[kind] for kind in item)
    else:
        yield name


@functools.lru_cache(maxsize=256)
def _denied(document: str) -> frozenset[str]:
    """:param document: a policy, as LocalStack stores it"""
    policy = json.loads(unquote(document))
    return frozenset(
        action
        for statement in _listed(policy["Statement"])
        if statement["Effect"] == "Deny" and "Condition" not in statement and statement.get("Resource") == "*"
        for action in _listed(statement.get("Action", []))
    )


def _listed(one_or_more: object) -> list:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]
