"""Faults of AWS services, caused by IAM's own API: LocalStack keeps policies and heeds none.

This is fault injection, and no enforcement of IAM. A call is refused only when it is signed as a session of a role one
of whose inline policies denies that very action, in a statement that holds for every resource and has no condition.
Everything else is let through, whatever policies say: what comes of it says nothing about what a role may do.
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

# A transaction is no action of IAM's: each of its items is allowed or denied as the call of one.
ITEM_ACTIONS = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}


@hooks.on_infra_start()
def refuse_explicitly_denied() -> None:
    """Found by its entry point, and run before LocalStack takes calls."""
    handlers.serve_custom_service_request_handlers.append(refuse_if_denied)


def refuse_if_denied(_chain: object, context: RequestContext, _response: object) -> None:
    """:raises CommonServiceException: as the service that is called refuses"""
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
    """What IAM asks about this call. An action that is not named as the operation is, as some of S3's, is not known."""
    name = f"{context.service.signing_name}:{context.operation.name}"
    if name in ("dynamodb:TransactWriteItems", "dynamodb:TransactGetItems"):
        for item in context.service_request["TransactItems"]:
            yield from (ITEM_ACTIONS[kind] for kind in item)
    else:
        yield name


@functools.lru_cache(maxsize=256)
def _denied(document: str) -> frozenset[str]:
    """:param document: a policy, as LocalStack keeps it"""
    policy = json.loads(unquote(document))
    return frozenset(
        action
        for statement in _listed(policy["Statement"])
        if statement["Effect"] == "Deny" and "Condition" not in statement and statement.get("Resource") == "*"
        for action in _listed(statement.get("Action", []))
    )


def _listed(one_or_more: object) -> list:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]
