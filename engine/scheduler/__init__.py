"""The pure state machine: events in, commands out. Standard library and schemas only."""
