"""The driver: carries the scheduler's commands out, on one asyncio loop."""
