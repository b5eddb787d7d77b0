"""Nothing is lost, whenever the engine is killed. A thousand rounds: tests/torture/crash.py."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "torture"))

import crash


def test_nothing_is_lost_when_the_engine_is_killed_at_random(switchhook, tmp_path):
    figures = crash.torture(switchhook, tmp_path, rounds=20, seed=20)
    assert figures["kills"] == 20 and figures["obligations"] > 200 and figures["lost"] == 0
