"""The WSGI application: `gunicorn wsgi:app`."""

from receiver import create_app, preload

app = create_app()
preload(app)
