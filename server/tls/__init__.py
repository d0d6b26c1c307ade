"""HTTPS in a shop's own network: an authority made once, and a certificate for this machine.

Refuses to be an authority for the world: what it may sign is private addresses and this machine's names.
"""
