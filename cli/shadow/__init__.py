"""The commands of `me shadow`, one file each."""
