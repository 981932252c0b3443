"""The commands of `me prices`, one file each."""
