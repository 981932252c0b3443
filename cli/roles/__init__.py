"""The commands of `me roles`, one file each."""
