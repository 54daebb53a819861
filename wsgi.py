"""What a WSGI server imports: `gunicorn wsgi:app`."""

from receiver import create_app, preload

app = create_app()
preload(app)
