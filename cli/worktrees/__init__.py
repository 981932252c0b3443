"""The commands of `me worktrees`, one file each."""
