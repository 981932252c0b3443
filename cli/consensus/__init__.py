"""The commands of `me consensus`, one file each."""
