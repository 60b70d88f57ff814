"""Gets tokens like a program with azure-identity on App Service, one per scope. Prints only digests."""

import hashlib
import json
import sys

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError, DefaultAzureCredential, ManagedIdentityCredential

answers = []
for kind in (ManagedIdentityCredential, DefaultAzureCredential):
    for scope in sys.argv[1:]:
        try:
            token = kind().get_token(scope)
            answers.append([hashlib.sha256(token.token.encode()).hexdigest(), token.expires_on])
        except (ClientAuthenticationError, CredentialUnavailableError) as error:
            answers.append([type(error).__name__])
print(json.dumps(answers))
