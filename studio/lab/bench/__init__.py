"""``studio bench``: what this studio costs on this machine, figure by figure, beside its targets.

Every section measures real processes with real ICE, DTLS, SRTP and codecs; comparisons are ratios of two
measurements of one run. CPU is counted per process, the load generator's apart. It imports ``studio``,
``signaling`` and ``mixer``; nothing imports it but the command line and the tests, which drive the same
processes.
"""
