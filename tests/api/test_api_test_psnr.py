"""`test-psnr.npy`: the PSNR of each test image, of the kept weights, in the data set's order."""

from pathlib import Path

import numpy as np
import pytest
from run_builders import save_images, train

from diabolo.data import load_data


def test_each_test_image_has_its_psnr(tmp_path: Path) -> None:
    """Beside the definition in float64 on reconstructions of the kept weights; float32 leaves 1e-4 dB."""
    run = train(tmp_path / "run").run
    values = np.load(run.folder.test_psnr_file, allow_pickle=False)
    images = load_data(save_images(tmp_path)).test
    assert (values.dtype, values.shape) == (np.float32, (len(images),))
    errors = (run.reconstruct(images).astype(np.float64) - images / 255) ** 2
    assert values == pytest.approx(-10 * np.log10(errors.mean(axis=(1, 2, 3))), abs=1e-4)
    assert len(set(values.tolist())) > 1
    assert values.mean(dtype=np.float64) == pytest.approx(run.record.test["psnr"], abs=1e-5)


def test_a_training_that_was_stopped_has_none_yet(tmp_path: Path) -> None:
    run = train(tmp_path / "run", should_stop=lambda: True).run
    assert run.record.status == "stopped"
    assert not run.folder.test_psnr_file.exists()
