"""Prints the result of systemd's own parser of EnvironmentFile= for a file, as a JSON list of NAME=value."""

import ctypes
import json
import sys

library, path = sys.argv[1:]
entries = ctypes.POINTER(ctypes.c_char_p)()
error = ctypes.CDLL(library).load_env_file(None, path.encode(), ctypes.byref(entries))
if error < 0:
    sys.exit(f"load_env_file: {error}")
read = []
while entries[len(read)] is not None:
    read.append(entries[len(read)].decode())
print(json.dumps(read))
