"""The commands of `me dag`, one file each."""
