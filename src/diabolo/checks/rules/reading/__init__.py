"""What could not be read or followed."""
