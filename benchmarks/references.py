"""What needs no training reaches on CIFAR-10's test images, for several latents, and the CPU time that it takes.

`python benchmarks/references.py [--latents 8x8x16 8x8x8 8x8x4 8x8x1]`: nothing is read from the cache of references.
"""

import argparse
import tempfile
import time
from pathlib import Path

from diabolo.api.references import references_of
from diabolo.data import load_data
from header import ROOT, say, write_results


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--latents", nargs="+", default=["8x8x16", "8x8x8", "8x8x4", "8x8x1"], metavar="HxWxC")
    arguments.add_argument("--data", default="cifar10", help="a data set, as of `diabolo train`")
    options = arguments.parse_args()
    dataset = load_data(options.data)
    say(dataset.describe())
    arms = {}
    with tempfile.TemporaryDirectory() as cache:
        for latent in options.latents:
            shape = tuple(int(side) for side in latent.split("x"))
            started = time.process_time()
            found = references_of(dataset, shape, cache_folder=Path(cache))
            seconds = time.process_time() - started
            arms[latent] = {"cpu_seconds": seconds, "references": [one.to_dict() for one in found]}
            say(f"\nlatent {latent}: {seconds:.1f} s of CPU time")
            for one in found:
                psnr = "-" if one.psnr is None else f"{one.psnr:.2f} dB"
                excess = "-" if one.bce_excess is None else f"{one.bce_excess:.5f}"
                size = "" if one.bytes_per_image is None else f"{one.bytes_per_image:,.0f} bytes"
                say(f"  {one.title:<30} {psnr:>9}  BCE above its floor {excess:>8}  {size}")
            written = write_results(
                "references",
                unit="see each field of `diabolo.references.Reference`; seconds of CPU time of all threads",
                method="for each latent once, without a cache; fitted to the train images that the recipe `fast` "
                "trains on, measured on the test images",
                arms=arms,
                data={"name": dataset.name, "digest": dataset.digest},
            )
            say(f"{written.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
