"""Runs a command in a terminal of its own. Prints its pid, then its output, then its exit code.

Writes each line of standard input to the terminal; the line ^C presses Ctrl-C.
"""
import os, pty, select, sys

process, terminal = pty.fork()
if process == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
print('pid', process, flush=True)
watched = [terminal, 0]
while terminal in watched:
    for ready in select.select(watched, [], [], 0.05)[0]:
        try:
            part = os.read(ready, 4096)
        except OSError:
            part = b''
        if not part:
            watched.remove(ready)
        elif ready == terminal:
            os.write(1, part)
        else:
            os.write(terminal, part.replace(b'^C\n', b'\x03'))
    if os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        break
print('exit', os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
