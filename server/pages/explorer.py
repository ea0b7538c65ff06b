"""GraphiQL's page: as it was built, and in demo mode with the way to the personas."""

from pathlib import Path

PERSONAS = "/demo/personas.json"

_PAGE = Path(__file__).parent / "static" / "graphiql" / "index.html"
_OFFER = f'  <meta name="onegrid-personas" content="{PERSONAS}" />\n  '


def explorer_page(demo: bool) -> str:
    """HTML; GraphiQL asks for personas only where the page names their address.

    So a server without them is never asked, and browsers report no address that is missing.
    """
    page = _PAGE.read_text("utf-8")
    return page.replace("</head>", f"{_OFFER}</head>", 1) if demo else page
