"""Runs an emulator of AWS for as long as whoever started it is there: `emulator.py <module>` calls the module's `main`.

Started as the leader of a process group with a pipe as standard input. When that pipe closes, because the
process at its other end is gone, however that came about, the whole group is killed: the emulator and the
Lambda functions it runs. The line "live on" ends that watch, and the emulator outlives its starter.
"""

import importlib
import os
import signal
import sys
import threading


def end_with_starter():
    if sys.stdin.readline() != "live on\n":
        os.killpg(0, signal.SIGKILL)


# For those of its programs that it starts in sessions of their own: they are not in the group.
os.environ["EMULATOR_PID"] = str(os.getpid())
threading.Thread(target=end_with_starter, daemon=True).start()
module = importlib.import_module(sys.argv.pop())
module.main()
