"""Reads metrics with Prometheus' own parser. Prints the number of samples of each family."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

print(json.dumps({family.name: len(family.samples) for family in text_string_to_metric_families(sys.stdin.read())}))
