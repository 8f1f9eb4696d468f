"""A thousand runs: read and compared in seconds, without torch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from compare_builders import LINE, write_run

NUM_MODELS, NUM_SEEDS = 200, 5
MOST_SECONDS = 10.0  # of CPU time, as the issue that asked for comparisons has it; 2.5 were measured

PROGRAM = """
import json, sys, time
from pathlib import Path
from diabolo.api.compare import compare_folders
found = compare_folders([Path(sys.argv[1])])
print(json.dumps({
    "seconds": time.process_time(), "torch": "torch" in sys.modules, "models": len(found.models),
    "runs": sum(len(model.runs) for model in found.models), "pairs": len(found.pairs), "left_out": len(found.left_out),
}))
"""


def test_a_thousand_runs_take_seconds_and_no_torch(tmp_path: Path) -> None:
    first = write_run(tmp_path / "first", 26.0, name="m", val_psnr=[20 + 0.1 * epoch for epoch in range(50)])
    record, history = (first / "run.toml").read_text(), (first / "history.csv").read_text()
    random = np.random.default_rng(0)
    for model in range(NUM_MODELS):
        for seed in range(NUM_SEEDS):
            folder = tmp_path / "runs" / f"m{model}" / f"seed{seed}"
            folder.mkdir(parents=True)
            psnr = 26 + random.normal(0, 0.1)
            text = record.replace("seed = 0", f"seed = {seed}").replace(LINE, LINE.replace("4", str(4 + model)))
            (folder / "run.toml").write_text(text.replace("psnr = 26.0", f"psnr = {psnr}"))
            (folder / "history.csv").write_text(history)
            np.save(folder / "test-psnr.npy", np.full(100, psnr, np.float32))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "runs")], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found.pop("seconds") < MOST_SECONDS
    assert found == {
        "torch": False, "models": NUM_MODELS, "runs": NUM_MODELS * NUM_SEEDS, "pairs": NUM_MODELS - 1, "left_out": 0,
    }  # fmt: skip
