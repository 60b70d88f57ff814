"""Gets a token like a program with google-auth on a VM of Google Cloud. Prints only its digest."""

import hashlib
import json

import google.auth
import google.auth.exceptions
import google.auth.transport.requests

try:
    credentials, project = google.auth.default()
    credentials.refresh(google.auth.transport.requests.Request())
    print(
        json.dumps(
            {
                "kind": type(credentials).__module__,
                "project": project,
                "email": credentials.service_account_email,
                "digest": hashlib.sha256(credentials.token.encode()).hexdigest(),
                "expiry": credentials.expiry.isoformat(),
            }
        )
    )
except google.auth.exceptions.GoogleAuthError as error:
    print(json.dumps({"error": type(error).__name__}))
