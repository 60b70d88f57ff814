"""Adds the caller's identity to requests with IAM authorization. LocalStack leaves it empty.

Neither LocalStack nor this module checks signatures or policies, so the identity proves no authentication.
"""

import functools
import json
import re

from localstack.aws.connect import connect_to

ACCESS_KEY = re.compile(r"AWS4-HMAC-SHA256 .*?Credential=([A-Z0-9]{16,128})/")


def with_caller_identity(payload: str, region: str) -> str:
    """
    :param payload: any event, as JSON
    :param region: the function's
    :return: the event. A signed event of a REST API's proxy integration has the signer's identity, in the format of AWS
    """
    # Other events are many and large, so they are not parsed.
    if '"requestContext"' not in payload:
        return payload
    event = json.loads(payload)
    context = event.get("requestContext") if isinstance(event, dict) else None
    # An event of an HTTP API has no resource. Its format differs, and it stays unchanged.
    if not isinstance(context, dict) or "resourceId" not in context or not isinstance(event.get("headers"), dict):
        return payload
    headers = {name.lower(): value for name, value in event["headers"].items()}
    signed = ACCESS_KEY.match(headers.get("authorization") or "")
    if signed is None or not _by_iam(context["apiId"], context["resourceId"], context["httpMethod"], region):
        return payload
    context["identity"] = {**context.get("identity", {}), **_identity(signed[1], region)}
    return json.dumps(event)


@functools.cache
def _by_iam(api: str, resource: str, method: str, region: str) -> bool:
    """Whether the method requires IAM authorization. AWS gives other methods no caller identity."""
    client = connect_to(region_name=region).apigateway
    return client.get_method(restApiId=api, resourceId=resource, httpMethod=method)["authorizationType"] == "AWS_IAM"


@functools.lru_cache(maxsize=1024)
def _identity(access_key: str, region: str) -> dict[str, str]:
    caller = connect_to(
        region_name=region, aws_access_key_id=access_key, aws_secret_access_key="any"
    ).sts.get_caller_identity()
    return {
        "accessKey": access_key,
        "accountId": caller["Account"],
        "caller": caller["UserId"],
        "user": caller["UserId"],
        "userArn": caller["Arn"],
    }
