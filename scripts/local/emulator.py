"""Runs MiniStack, the local AWS emulator, for as long as whoever started it is there.

Started as the leader of a process group with a pipe as standard input. When that pipe closes, because the
process at its other end is gone, however that came about, the whole group is killed: the emulator and the
Lambda functions it runs. The line "live on" ends that watch, and the emulator outlives its starter.
"""

import os
import signal
import sys
import threading

from ministack.app import main


def end_with_starter():
    if sys.stdin.readline() != "live on\n":
        os.killpg(0, signal.SIGKILL)


threading.Thread(target=end_with_starter, daemon=True).start()
sys.argv = ["ministack"]
main()
