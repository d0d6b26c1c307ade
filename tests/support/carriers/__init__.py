"""Carriers to send to: real servers on real sockets that keep what they were given and have bad days."""
