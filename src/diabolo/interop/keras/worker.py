"""What `process` runs: a script that imports Keras and nothing of diabolo."""

import importlib.util
import json
import sys
from pathlib import Path


def _build(folder: Path, layers: dict[str, int]):  # type: ignore[no-untyped-def]
    import numpy as np

    specification = importlib.util.spec_from_file_location("model_source", folder / "model_source.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    model = module.build_model()
    with np.load(folder / "weights.npz", allow_pickle=False) as file:
        for name, count in layers.items():
            model.get_layer(name).set_weights([file[f"{name}/{index}"] for index in range(count)])
    return module, model


def do(job_file: str) -> None:
    """Reads a job, and leaves `outputs.npz` and the job's target."""
    job = json.loads(Path(job_file).read_text())
    folder, target = Path(job["folder"]), job["target"]
    import keras
    import numpy as np

    module, model = _build(folder, job["layers"])
    if target.endswith(".weights.h5"):
        model.save_weights(target)
        loaded = module.build_model()
        loaded.load_weights(target)
    else:
        model.save(target)
        loaded = keras.saving.load_model(target, safe_mode=True)
    with np.load(folder / "inputs.npz", allow_pickle=False) as file:
        batches = [file[f"arr_{index}"] for index in range(len(file.files))]
    outputs = [keras.ops.convert_to_numpy(loaded(batch, training=False)) for batch in batches]
    np.savez(folder / "outputs.npz", *outputs)


if __name__ == "__main__":
    for job_file in sys.argv[1:]:
        do(job_file)
