"""Runs an emulator of AWS until its starter exits: `emulator.py <module>` calls the module's `main`.

Start it as the leader of a process group with a pipe as standard input. The pipe closes when the process at its other
end exits for any reason. Then the whole group is killed: the emulator and the Lambda functions it runs.
After the line "live on", the emulator keeps running when its starter exits.
"""

import importlib
import os
import signal
import sys
import threading


def end_with_starter():
    if sys.stdin.readline() != "live on\n":
        os.killpg(0, signal.SIGKILL)


# For the emulator's programs that run in sessions of their own and so are not in the group.
os.environ["EMULATOR_PID"] = str(os.getpid())
threading.Thread(target=end_with_starter, daemon=True).start()
module = importlib.import_module(sys.argv.pop())
module.main()
