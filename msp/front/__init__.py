"""The HTTP server: an event loop holds all connections, a bounded pool of threads runs the application.

A request gets a thread only when it has been received completely, and the thread is free as soon as the response is
made: slow clients cost a connection, never a thread. Built on uvicorn; docs/decisions/0012-http-server.md says why.
"""
