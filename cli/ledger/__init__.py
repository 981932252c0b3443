"""The commands of `me ledger`, one file each."""
