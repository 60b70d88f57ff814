"""Gets a token with google-auth's credentials of a VM, without the search for credentials. Prints only its digest."""

import hashlib
import json

import google.auth.compute_engine
import google.auth.transport.requests

credentials = google.auth.compute_engine.Credentials()
credentials.refresh(google.auth.transport.requests.Request())
print(json.dumps([hashlib.sha256(credentials.token.encode()).hexdigest()]))
