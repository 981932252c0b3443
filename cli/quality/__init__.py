"""The commands of `me quality`, one file each."""
