"""Validates discovery documents. Reads pairs of kind and document as JSON. Prints the error of each, or null."""

import json
import sys

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata

KINDS = {"oauth": AuthorizationServerMetadata, "openid": OpenIDProviderMetadata}


def problem(kind, document):
    try:
        KINDS[kind](document).validate()
    except ValueError as error:
        return str(error)
    return None


print(json.dumps([problem(*pair) for pair in json.load(sys.stdin)]))
