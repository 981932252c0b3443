"""The commands of `me brief`, one file each."""
