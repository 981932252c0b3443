"""Real clients of agents, from the cache that `tests/clients/install.py` fills, kept away from real accounts.

`found.py` finds them, `homes.py` makes an environment in which a client knows nobody but the scripted model
server, `single.py` carries out one turn of an adapter as a process.
"""
