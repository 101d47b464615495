"""``python -m studio``: the same as the ``studio`` command.

``python -m`` looks for every module in the current folder first: a ``queue.py`` or ``json.py`` there would be
run in place of Python's own. So the folder is taken out before anything is imported, or put last where the
studio itself lies in it and is not installed.
"""

import os  # loaded already, before the folder counted
import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        here = sys.path.pop(0)
        root = __file__.rpartition("/")[0].rpartition("/")[0]
        if here == root and root not in sys.path:
            sys.path.append(root)
            os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), root)))

    from studio.cli.main import main

    main()
