"""GraphiQL's page as it is served."""

from server.app import STATIC
from server.pages.explorer import PERSONAS, explorer_page


def test_explorer_page() -> None:
    """The page is the built one; in demo mode its head also says where the personas are."""
    built = (STATIC / "graphiql" / "index.html").read_text("utf-8")
    offer = f'  <meta name="onegrid-personas" content="{PERSONAS}" />\n  '
    assert explorer_page(demo=False) == built
    head, end, body = built.partition("</head>")
    assert explorer_page(demo=True) == f"{head}{offer}{end}{body}"
