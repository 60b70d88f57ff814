"""Lists the objects of a bucket with google-cloud-storage, at the server in the argument. Prints their names."""

import json
import sys

from google.cloud import storage

client = storage.Client(client_options={"api_endpoint": sys.argv[1]})
print(json.dumps([blob.name for blob in client.list_blobs("a-bucket")]))
