"""Reads templates as cfn-lint does and prints a line of JSON for each: its value, or that cfn-lint refuses it."""

import json
import sys

from cfnlint.decode import cfn_yaml


def read(path):
    try:
        return {"values": [json.loads(json.dumps(cfn_yaml.load(path), allow_nan=False))]}
    except Exception:  # A reader may fail in any way, and a value may have no form in JSON.
        return {"refused": True}


for path in sys.argv[1:]:
    print(json.dumps(read(path)))
