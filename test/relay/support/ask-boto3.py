"""Reads credentials like a program with boto3, again for each input line. Prints only digests."""

import hashlib
import json
import sys

import boto3


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


credentials = boto3.Session(region_name="us-east-1").get_credentials()
while True:
    frozen = credentials.get_frozen_credentials()
    digests = [digest(text) for text in (frozen.access_key, frozen.secret_key, frozen.token)]
    print(json.dumps({"method": credentials.method, "digests": digests}), flush=True)
    if not sys.stdin.readline():
        break
