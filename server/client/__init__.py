"""A client for people who write integrations: devices over WebSocket, business calls over HTTP.

It uses the public doors only and the same words as the server (`gateway/frames.py`,
`events/catalogue.py`), so whatever it can do, a client in another language can do too.
"""
