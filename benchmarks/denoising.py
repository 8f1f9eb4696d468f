"""Gaussian noise of 25 grey levels off CIFAR-10's test images: the zoo's `denoise` beside non-local means and BM3D.

`python benchmarks/denoising.py`: all methods get the same noisy images (float, not clipped) in one run. The strength of
non-local means is chosen on validation images. BM3D takes part where the package `bm3d` from PyPI is installed.
"""

import argparse

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.restoration import denoise_nl_means

from diabolo import load, load_data
from header import ROOT, say, write_results

SIGMA = 25 / 255
STRENGTHS = (0.4, 0.5, 0.6, 0.7, 0.8)
"""Of non-local means, in units of the noise."""
RUNS = ("denoise",)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--images", type=int, default=200, help="test images for all methods")
    arguments.add_argument("--runs", nargs="+", default=list(RUNS), help="runs, or zoo names with weights")
    options = arguments.parse_args()
    dataset = load_data("cifar10")
    images = np.asarray(dataset.test[: options.images]).astype(np.float64) / 255
    held_out = np.asarray(dataset.train[-100:]).astype(np.float64) / 255  # only the strength is chosen on them
    noisy, noisy_held_out = with_noise(images, seed=0), with_noise(held_out, seed=1)
    best = max(STRENGTHS, key=lambda h: psnr(non_local_means(noisy_held_out, h), held_out).mean())
    made = {"noisy": noisy, f"non-local means, h = {best} sigma": non_local_means(noisy, best)}
    try:
        from bm3d import bm3d_rgb
    except ImportError:
        say("BM3D is left out: `pip install bm3d`")
    else:
        made["BM3D"] = np.stack([bm3d_rgb(image, SIGMA) for image in noisy])
    for run in options.runs:
        model = load(run).model.eval()
        with torch.inference_mode():
            answer = model(torch.from_numpy(noisy.astype(np.float32)).permute(0, 3, 1, 2))
        made[run] = answer.permute(0, 2, 3, 1).numpy()
    arms = {}
    for name, cleaned in made.items():
        each = psnr(cleaned, images)
        arms[name] = {"psnr": each.mean(), "standard_error": each.std(ddof=1) / len(each) ** 0.5, "each": each.tolist()}
        say(f"{name:<32} {each.mean():.2f} dB ± {arms[name]['standard_error']:.2f}")
    written = write_results(
        "denoising",
        unit="dB, PSNR of each image, clipped to [0, 1]",
        method=f"{options.images} CIFAR-10 test images with Gaussian noise of 25/255 (seed 0), the same for all",
        arms=arms,
    )
    say(str(written.relative_to(ROOT)))


def with_noise(images: NDArray[np.float64], *, seed: int) -> NDArray[np.float64]:
    """Images in [0, 1] with noise, not clipped."""
    return images + np.random.default_rng(seed).normal(0, SIGMA, images.shape)


def non_local_means(noisy: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    """Of scikit-image, told the noise."""
    return np.stack(
        [
            denoise_nl_means(
                image, patch_size=3, patch_distance=5, h=strength * SIGMA, sigma=SIGMA, fast_mode=True, channel_axis=-1
            )
            for image in noisy
        ]
    )


def psnr(cleaned: NDArray[np.float64], images: NDArray[np.float64]) -> NDArray[np.float64]:
    """PSNR of each image in dB, (N,)."""
    errors = np.square(cleaned.clip(0, 1) - images).mean(axis=(1, 2, 3))
    return -10 * np.log10(errors)


if __name__ == "__main__":
    main()
