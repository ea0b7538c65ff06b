"""Relieving: at once, on a day, never twice."""

import pytest

from schema.ids import GlobalId
from tests.conftest import Graph
from tests.schema.people.appointing import admin, appoint, codes, relieve


async def test_relief_is_at_once(site: Graph) -> None:
    """Who is relieved on the first day never held the post, and the place is free again."""
    me = admin(site)
    made = await appoint(me, "S1", "secretary")
    ended = await relieve(me, made["post"]["id"])
    assert (ended["post"]["validTo"], ended["post"]["isHeld"], ended["refusals"]) == (
        "2026-03-15",
        False,
        [],
    )
    assert ended["changes"] == [
        {"kind": "POSTS", "code": "S1", "before": "1", "after": "0", "affected": 1}
    ]
    assert codes(await appoint(me, "S1", "secretary")) == []


async def test_relief_on_a_day(site: Graph) -> None:
    """A post that ends later is held until then, and may end earlier still."""
    me = admin(site)
    post = (await appoint(me, "S1-G1", "full_time"))["post"]["id"]
    later = await relieve(me, post, on="2026-06-01")
    sooner = await relieve(me, post, on="2026-05-01")
    assert [item["post"]["validTo"] for item in (later, sooner)] == ["2026-06-01", "2026-05-01"]
    assert codes(await relieve(me, post, on="2026-07-01")) == [
        ("DATE_OUT_OF_RANGE", ["input", "on"])
    ]


async def test_an_ended_post_stays_ended(site: Graph) -> None:
    """What has ended is not ended again."""
    me = admin(site)
    post = (await appoint(me, "S1-G1", "full_time"))["post"]["id"]
    await relieve(me, post)
    assert codes(await relieve(me, post)) == [("POST_ENDED", ["input", "post"])]


@pytest.mark.parametrize("post", ["nobody", str(GlobalId("Post", 990100, "0" * 32))])
async def test_unknown_posts(site: Graph, post: str) -> None:
    """What is no post of the city is refused."""
    assert codes(await relieve(admin(site), post)) == [("ID_UNKNOWN", ["input", "post"])]


async def test_another_citys_post_is_unknown(site: Graph) -> None:
    """An administrator cannot tell another city's post from none."""
    theirs = await appoint(admin(site, "990200"), "S1-G1", "full_time", city="south")
    assert codes(await relieve(admin(site), theirs["post"]["id"])) == [
        ("ID_UNKNOWN", ["input", "post"])
    ]


async def test_a_rehearsal_relieves_nobody(site: Graph) -> None:
    """With dryRun the post is held afterwards as before."""
    me = admin(site)
    post = (await appoint(me, "S1-G1", "full_time"))["post"]["id"]
    rehearsed = await relieve(me, post, dry_run=True)
    assert rehearsed["changes"][0]["after"] == "0"
    assert codes(await relieve(me, post)) == []
