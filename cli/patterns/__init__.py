"""The commands of `me patterns`, one file each."""
