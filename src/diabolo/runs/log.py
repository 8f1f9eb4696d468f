"""One line an epoch, as Keras prints it."""

from diabolo.runs.history import EpochRow


def epoch_line(row: EpochRow, num_epochs: int) -> str:
    """`Epoch 3/50 - 57s - 872 img/s - loss: 0.5721 - val_loss: 0.5680 …`."""
    return (
        f"Epoch {row.epoch}/{num_epochs} - {row.seconds:.0f}s - {row.images_per_second:,.0f} img/s"
        f" - loss: {row.loss:.4f} - val_loss: {row.val_loss:.4f} (floor + {row.val_excess:.4f})"
        f" - val_mse: {row.val_mse:.5f} - val_psnr: {row.val_psnr:.2f} dB - val_ssim: {row.val_ssim:.3f}"
    )
