"""index.html: a page for people, to read and to print, of what a bundle holds and how to check it."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import islice

from audit.bundles.checkpoints import Saved
from audit.bundles.contents import Contents
from audit.bundles.selection import Selection
from audit.entries import Subject
from audit.tlog.checkpoints import parse_note
from audit.tlog.notes import VerifierKey
from projections.times import from_microseconds
from store.stored_rows import WholeRow

NAME = "index.html"
MOST_ROWS = 2000
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 70rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
pre, code { font: 13px/1.45 ui-monospace, monospace; }
pre { background: #f4f4f2; padding: .75rem 1rem; overflow-wrap: anywhere; white-space: pre-wrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; }
dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #ddd;
  overflow-wrap: anywhere; }
td:first-child, th:first-child { text-align: right; font-variant-numeric: tabular-nums; }
td:nth-child(2) { white-space: nowrap; }
@media print {
  @page { margin: 15mm; }
  body { font-size: 10pt; margin: 0; max-width: none; padding: 0; }
  pre { background: none; border: 1px solid #999; } table { font-size: 8pt; }
  thead { display: table-header-group; } tr, pre { break-inside: avoid; } h2 { break-after: avoid; }
}
"""


def page(made: Contents, under: Saved, keys: Sequence[VerifierKey], selection: Selection) -> str:
    """Return the page; its table ends after MOST_ROWS events."""
    parts = (
        "<h1>Events of a ledger, with their proof</h1>",
        *_summary(made, under),
        *_signers(under, keys),
        *_checking(under),
        *_events(made, selection),
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(_title(made))}</title>
<style>{STYLE}</style>
</head>
<body>
{chr(10).join(parts)}
</body>
</html>
"""


def _title(made: Contents) -> str:
    return f"Positions {made.first} to {made.last}"


def _summary(made: Contents, under: Saved) -> Iterator[str]:
    facts = {
        "Positions": f"{made.first} to {made.last}",
        "Events": str(made.count),
        "About": _about(made.subject),
        "Log": under.checkpoint.origin,
        "Files": f"{len(made.files)}, {made.events}",
    }
    yield "<dl>"
    for name, value in facts.items():
        yield f"<dt>{name}</dt><dd>{_text(value)}</dd>"
    yield "</dl>"


def _about(subject: Subject | list[Subject] | None) -> str:
    if subject is None:
        return "everything that was recorded at these positions"
    several = subject if isinstance(subject, list) else [subject]
    named = ", ".join(f"{each.kind} {each.id}" for each in several)
    if several[0].kind == "review":
        return f"what was reviewed, and the {named} itself"
    return f"{named}; with the deliveries and the sources from which that is known"


def _signers(under: Saved, keys: Sequence[VerifierKey]) -> Iterator[str]:
    _, note = parse_note(under.note)
    yield "<h2>Who signed it</h2>"
    yield f"<p>All events are proven under this checkpoint: its name, {under.checkpoint.size} events,"
    yield "the root of its tree, and signatures.</p>"
    yield f"<pre>{escape(under.note)}</pre>"
    yield "<p>The keys of the log follow. They come with these files, so compare them with those that its"
    yield "owner gave you by another way.</p>"
    yield f"<pre>{escape(chr(10).join(map(str, keys)))}</pre>"
    own = {(key.name, key.id) for key in keys}
    others = sorted({each.name for each in note.signatures if each.key not in own})
    if others:
        yield f"<p>Cosigned by: {escape(', '.join(others))}.</p>"


def _checking(under: Saved) -> Iterator[str]:
    checkpoint, note = parse_note(under.note)
    yield "<h2>How to check it</h2>"
    yield "<p>In the folder of this page. <code>kitledger-verify</code> is one file that needs Python and the"
    yield "package <code>cryptography</code>, no network and no database. It says whether the events are"
    yield "complete and unaltered, and names the first position that is not.</p>"
    yield "<pre>kitledger-verify .</pre>"
    if under.token is not None:
        name = f"checkpoints/{checkpoint.size}"
        own = sum(each.name == checkpoint.origin for each in note.signatures)
        lines = note.text.count("\n") + 1 + own
        yield "<p>The checkpoint has a time stamp (RFC 3161) of its first lines, as the log signed them. Given"
        yield "the certificate of the authority, this says that it has existed since then:</p>"
        yield f"<pre>head -n {lines} {name} &gt; stamped"
        yield f"openssl ts -reply -in {name}.tsr -token_in -text"
        yield f"openssl ts -verify -in {name}.tsr -token_in -data stamped -CAfile authority.pem</pre>"


def _events(made: Contents, selection: Selection) -> Iterator[str]:
    yield "<h2>The events</h2>"
    if made.count > MOST_ROWS:
        yield f"<p>The first {MOST_ROWS} of {made.count} events; all are in the files.</p>"
    yield "<table><thead><tr><th>Position</th><th>Recorded (UTC)</th><th>Event</th><th>Thing</th><th>By</th>"
    yield "</tr></thead><tbody>"
    yield from _rows(islice(_all(selection), MOST_ROWS))
    yield "</tbody></table>"


def _all(selection: Selection) -> Iterator[WholeRow]:
    for block in selection.blocks():
        yield from selection.rows(*block)


def _rows(rows: Iterable[WholeRow]) -> Iterator[str]:
    for row in rows:
        time = (
            from_microseconds(row.recorded_at).isoformat(" ", "microseconds")
            if row.recorded_at
            else ""
        )
        cells = (
            str(row.position),
            time.removesuffix("+00:00"),
            row.topic,
            row.originator_id.replace("/", " ", 1),
            row.by.replace("/", " ", 1),
        )
        yield f"<tr>{''.join(f'<td>{_text(each)}</td>' for each in cells)}</tr>"


def _text(value: str) -> str:
    """Return a text as HTML, with escapes for characters that can't be seen or that turn the line."""
    if not value.isprintable():
        seen = (each if each.isprintable() else ascii(each)[1:-1] for each in value)
        value = "".join(seen)
    return escape(value)
