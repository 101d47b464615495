"""``python -m mixer.ipc.started MODULE …``: runs a module as a program, and is sooner ready than ``-m
MODULE``.

What is imported stays. Looking through it for garbage again and again, while it grows, is a fifth to a third
of a process's start: so nobody looks, until :func:`mixer.ipc.child.start` puts it aside for good. Until then
a process that the show waits for also goes before what else runs on the machine (:func:`priority.hurry`).
"""

import gc
import runpy
import sys

from mixer.ipc import priority

if __name__ == "__main__":
    gc.disable()
    priority.hurry()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
