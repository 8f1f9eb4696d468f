"""Live models of other people that `survey.py` builds, with random weights, small where the package lets them be."""

import contextlib
import importlib
import os
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model."""

    package: str
    """The package that it comes from."""
    name: str
    """Its class or function, with the module in the package: `networks.nets.UNet`."""
    options: dict[str, Any] = field(default_factory=dict)
    """What it is built with."""
    shape: tuple[int, int, int] = (64, 64, 3)
    """(height, width, channels) of the images that it is looked at with."""
    example: Callable[[], Any] | None = None
    """Gives what it is called with, where that is no batch of images."""
    make: Callable[[], Any] | None = None
    """Builds it, where that takes more than a call."""


def build(model: Model) -> tuple[Any, dict[str, Any]]:
    """The model, and the options that `diabolo.check` needs for it."""
    made = model.make() if model.make is not None else _get(f"{model.package}.{model.name}")(**model.options)
    if model.package == "keras":
        return made, {}
    return made, {"input_shape": model.shape} if model.example is None else {"example": model.example()}


@contextlib.contextmanager
def _stand_in_for_torchvision() -> Iterator[None]:
    """compressai lists what torchvision's transforms are; its models need nothing of them."""
    names = ("torchvision", "torchvision.transforms")
    modules = {name: types.ModuleType(name) for name in names}
    modules["torchvision"].transforms = modules["torchvision.transforms"]  # type: ignore[attr-defined]
    sys.modules |= {name: module for name, module in modules.items() if name not in sys.modules}
    try:
        yield
    finally:
        for name, module in modules.items():
            if sys.modules.get(name) is module:  # others look whether it is there, and would find an empty one
                del sys.modules[name]


def _get(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _keras(name: str, side: int) -> Model:
    shape = (side, side, 3)
    options = {"weights": None, "input_shape": shape, "classes": 10}
    return Model(package="keras", name=f"applications.{name}", options=options, shape=shape)


def _diffusers(name: str, **options: Any) -> Model:
    return Model(package="diffusers", name=name, options=options, shape=(32, 32, 3))


def _monai(name: str, *, is_grey: bool = False, **options: Any) -> Model:
    shape = (64, 64, 1 if is_grey else 3)
    return Model(package="monai", name=f"networks.nets.{name}", options=options, shape=shape)


def _compressai(name: str, *channels: int) -> Model:
    def make() -> Any:
        with _stand_in_for_torchvision():
            return _get(f"compressai.models.{name}")(*channels)

    return Model(package="compressai", name=f"models.{name}", make=make)


def _pythae(name: str, nets: str = "Conv", kind: str = "VAE", **options: Any) -> Model:
    """A model of pythae with the convolutional networks that its authors compare their models with."""

    def make() -> Any:
        config = _get(f"pythae.models.{name}{'_' if '_' in name else ''}Config")(
            input_dim=(3, 32, 32), latent_dim=16, **options
        )
        networks = "pythae.models.nn.benchmarks.cifar"
        encoder = _get(f"{networks}.Encoder_{nets}_{kind}_CIFAR")(config)
        decoder = _get(f"{networks}.Decoder_{nets}_{'VQVAE' if kind == 'VQVAE' else 'AE'}_CIFAR")(config)
        return _get(f"pythae.models.{name}")(model_config=config, encoder=encoder, decoder=decoder)

    def example() -> Any:
        images = _get("torch.rand")(2, 3, 32, 32)
        return (_get("pythae.data.datasets.DatasetOutput")(data=images),)

    return Model(package="pythae", name=f"models.{name}", make=make, example=example)


def _image_and_time() -> Any:
    torch = importlib.import_module("torch")
    return torch.rand(1, 3, 32, 32), torch.tensor([3])


def _patch() -> Any:
    return (importlib.import_module("torch").rand(2, 1, 32, 32),)


_PLANE = {"spatial_dims": 2, "in_channels": 3, "out_channels": 3}
_SMALL_KL = {
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "block_out_channels": (32, 64),
    "norm_num_groups": 8,
}
_MONAI_KL = {"channels": (32, 64), "num_res_blocks": 1, "norm_num_groups": 8, "attention_levels": (False, True)}
_TAMING = {"ch": 32, "out_ch": 3, "ch_mult": (1, 2), "num_res_blocks": 1, "attn_resolutions": (16,), "resolution": 32}

MODELS: tuple[Model, ...] = (
    _keras("VGG16", 64),
    _keras("ResNet50", 64),
    _keras("ResNet50V2", 64),
    _keras("MobileNet", 64),
    _keras("MobileNetV2", 64),
    _keras("MobileNetV3Small", 64),
    _keras("DenseNet121", 64),
    _keras("EfficientNetB0", 64),
    _keras("EfficientNetV2B0", 64),
    _keras("MobileNetV3Large", 64),
    _keras("Xception", 80),
    _keras("InceptionV3", 80),
    _keras("InceptionResNetV2", 80),
    _keras("ConvNeXtTiny", 64),
    _diffusers("AutoencoderKL", latent_channels=4, **_SMALL_KL),
    _diffusers("VQModel", num_vq_embeddings=64, **_SMALL_KL),
    _diffusers("AutoencoderTiny", encoder_block_out_channels=(32, 32), decoder_block_out_channels=(32, 32),
               num_encoder_blocks=(1, 2), num_decoder_blocks=(2, 1)),
    _diffusers("AsymmetricAutoencoderKL", down_block_out_channels=(32, 64), up_block_out_channels=(32, 64),
               down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
               layers_per_down_block=1, layers_per_up_block=1, norm_num_groups=8),
    Model(package="diffusers", name="UNet2DModel", example=_image_and_time,
          options={"block_out_channels": (32, 64), "norm_num_groups": 8, "layers_per_block": 1,
                   "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
                   "up_block_types": ("AttnUpBlock2D", "UpBlock2D")}),
    _compressai("FactorizedPrior", 32, 48),
    _compressai("ScaleHyperprior", 32, 48),
    _compressai("MeanScaleHyperprior", 32, 48),
    _compressai("JointAutoregressiveHierarchicalPriors", 32, 48),
    _compressai("Cheng2020Anchor", 32),
    _compressai("Cheng2020Attention", 32),
    _pythae("AE", kind="AE"),
    _pythae("AE", "ResNet", kind="AE"),
    _pythae("VAE"),
    _pythae("VAE", "ResNet"),
    _pythae("BetaVAE"),
    _pythae("BetaTCVAE"),
    _pythae("INFOVAE_MMD"),
    _pythae("WAE_MMD", kind="AE"),
    _pythae("RAE_L2", kind="AE"),
    _pythae("VQVAE", "ResNet", kind="VQVAE"),
    _monai("AutoEncoder", channels=(16, 32), strides=(2, 2), **_PLANE),
    _monai("VarAutoEncoder", spatial_dims=2, in_shape=(3, 64, 64), out_channels=3, latent_size=32, channels=(16, 32),
           strides=(2, 2)),
    _monai("AutoencoderKL", latent_channels=3, **_MONAI_KL, **_PLANE),
    _monai("VQVAE", channels=(32, 64), num_res_channels=(32, 64), num_res_layers=1,
           downsample_parameters=((2, 4, 1, 1), (2, 4, 1, 1)), upsample_parameters=((2, 4, 1, 1, 0), (2, 4, 1, 1, 0)),
           num_embeddings=64, embedding_dim=16, **_PLANE),
    _monai("UNet", channels=(16, 32, 64), strides=(2, 2), num_res_units=1, **_PLANE),
    _monai("BasicUNet", features=(16, 16, 32, 32, 64, 16), **_PLANE),
    _monai("AttentionUnet", channels=(16, 32, 64), strides=(2, 2), **_PLANE),
    _monai("SegResNet", init_filters=8, **_PLANE),
    _monai("SegResNetVAE", input_image_size=(64, 64), spatial_dims=2, init_filters=8, in_channels=3, out_channels=3),
    _monai("DynUNet", kernel_size=(3, 3, 3), strides=(1, 2, 2), upsample_kernel_size=(2, 2), **_PLANE),
    _monai("UNETR", img_size=(64, 64), feature_size=8, hidden_size=48, mlp_dim=96, num_heads=4, **_PLANE),
    _monai("HighResNet", **_PLANE),
    _monai("DenseNet121", **_PLANE),
    _monai("PatchDiscriminator", spatial_dims=2, channels=16, in_channels=3, out_channels=1),
    Model(package="generative", name="networks.nets.AutoencoderKL",
          options={"num_channels": (32, 64), "latent_channels": 3, "num_res_blocks": 1, "norm_num_groups": 8,
                   "attention_levels": (False, True), **_PLANE}),
    Model(package="taming", name="modules.diffusionmodules.model.Encoder", shape=(32, 32, 3),
          options={**_TAMING, "in_channels": 3, "z_channels": 4}),
    Model(package="kornia", name="feature.HardNet", options={"pretrained": False}, example=_patch),
    Model(package="kornia", name="feature.SOSNet", options={"pretrained": False}, example=_patch),
    Model(package="kornia", name="feature.TFeat", options={"pretrained": False}, example=_patch),
    Model(package="kornia", name="feature.HyNet", options={"pretrained": False}, example=_patch),
)  # fmt: skip
"""All of them."""
