"""Reads metrics with Prometheus' own parser. Prints how many samples each family has."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

print(json.dumps({family.name: len(family.samples) for family in text_string_to_metric_families(sys.stdin.read())}))
