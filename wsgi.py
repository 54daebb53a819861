"""What a WSGI server imports: `gunicorn wsgi:app`."""

from receiver import create_app

app = create_app()
