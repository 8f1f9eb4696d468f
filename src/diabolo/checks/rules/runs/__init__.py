"""What a trained run's layers do on real images."""
