"""Gets an identity token like a program with google-auth on a VM of Google Cloud. Prints only its digest."""

import hashlib
import json
import sys

import google.auth.transport.requests
import google.oauth2.id_token

token = google.oauth2.id_token.fetch_id_token(google.auth.transport.requests.Request(), sys.argv[1])
print(json.dumps([hashlib.sha256(token.encode()).hexdigest()]))
