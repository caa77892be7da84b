"""What people can do to the service: pause, resume, send now, finish a run.

The one place that admin, pages and commands call.
"""
