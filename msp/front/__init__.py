"""The HTTP server of the desk: an event loop holds all connections, a bounded number of threads runs the application.

A request reaches a thread only when it has arrived whole, and a thread is free again as soon as it has made its answer:
slow clients cost a connection, never a thread. docs/decisions/0012-http-front.md says why it is built on uvicorn.
"""
