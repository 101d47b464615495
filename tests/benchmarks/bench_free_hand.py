"""Cut and slate while another socket of the same director's sends 1,000 commands a second, and while two
set themes of 9000×9000 pixels: ``python -m tests.benchmarks.bench_free_hand``. Prints the worst answer in
ms and the worst count of ticks."""

import tempfile
from pathlib import Path

from studio.lab.harness.running import running_studio
from tests.support.freehand import by_hand, flood, setting_themes


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_studio(Path(folder)) as studio:
        for scene in "ab":
            studio.do("scene.create", scene=scene)
        print("idle:", by_hand(studio))
        with flood(studio):
            print("flood:", by_hand(studio, 8))
        with setting_themes(studio):
            print("themes:", by_hand(studio, 8))


if __name__ == "__main__":
    main()
