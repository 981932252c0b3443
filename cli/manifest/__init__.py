"""The commands of `me manifest`, one file each."""
