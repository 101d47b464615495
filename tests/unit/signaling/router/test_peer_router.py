"""Which shard holds whom: placement, takeover, restarts, and what control learns from reports."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from mixer.contract.messages import Message
from mixer.contract.names import ProcessName, shard_name
from mixer.ipc.link import LinkClosedError
from signaling.contract.messages import (
    Answer,
    ClosePeer,
    Offer,
    OfferFailed,
    PeerChanged,
    PeerKind,
    PeerStats,
    ShardReport,
)
from signaling.contract.ports import PeerOwner, RefusedError
from signaling.router.peers import PeerRouter, peer_id
from signaling.router.turn import IceSettings


class Played:
    """The router with its link: what it sent, what it told; answers are given by hand."""

    def __init__(self, *shards: ProcessName, timeout_s: float = 5, hold_s: float = 0.02) -> None:
        self.sent: list[tuple[ProcessName, Message]] = []
        self.told: list[tuple[dict[str, str], set[str]]] = []
        self.broken = False
        self.router = PeerRouter(self._send, IceSettings(), self._tell, timeout_s, hold_s)
        for shard in shards:
            self.router.shard_up(shard)

    def _send(self, to: ProcessName, message: Message) -> None:
        if self.broken:
            raise LinkClosedError("gone")
        self.sent.append((to, message))

    def _tell(self, seats: Mapping[str, str], watched: Collection[str]) -> None:
        self.told.append((dict(seats), set(watched)))

    def offers(self) -> list[tuple[ProcessName, Offer]]:
        return [(to, each) for to, each in self.sent if isinstance(each, Offer)]

    def closed(self) -> list[str]:
        return [each.peer for _, each in self.sent if isinstance(each, ClosePeer)]

    async def open(
        self, seat: str = "a", client: str = "tab", *, takeover: bool = False, kind: PeerKind = "guest"
    ) -> str:
        """A peer that its shard accepts; its id."""
        opening = asyncio.create_task(self.router.open(kind, seat, client, "v=0", takeover=takeover))
        before = len(self.offers())
        await asyncio.sleep(0)
        if len(self.offers()) > before:
            shard, offer = self.offers()[-1]
            self.router.on_message(shard, Answer(offer.peer, "answer"))
            self.router.on_message(shard, PeerChanged(offer.peer, "connected"))
        peer, answer = await opening
        assert answer == "answer"
        return peer


async def test_guests_go_to_the_least_loaded_shard() -> None:
    played = Played(shard_name(0), shard_name(1), shard_name(2))
    for n in range(9):
        await played.open(f"seat-{n}")
    counts = [sum(to == f"shard-{k}" for to, _ in played.offers()) for k in (1, 2, 3)]
    assert counts == [3, 3, 3]


async def test_presence_is_told_at_each_change() -> None:
    played = Played(shard_name(0))
    peer = await played.open()
    assert played.told == [({"a": "connecting"}, set()), ({"a": "connected"}, set())]
    await played.router.close(peer, "tab")
    assert played.told[-1] == ({}, set())
    viewing = asyncio.create_task(played.router.open("wall", "", "screen", "v=0", takeover=False))
    await asyncio.sleep(0)
    shard, offer = played.offers()[-1]
    played.router.on_message(shard, Answer(offer.peer, "answer"))
    await viewing
    assert played.told[-1] == ({}, {"wall"})
    assert played.router.presence == ({}, frozenset({"wall"}))


async def test_a_reload_stays_on_its_shard_and_closes_before_it_opens() -> None:
    played = Played(shard_name(0), shard_name(1))
    first = await played.open()
    await played.open("b")
    second = await played.open()
    kinds = [(to, type(each).__name__) for to, each in played.sent]
    assert kinds[-2:] == [("shard-1", "ClosePeer"), ("shard-1", "Offer")]
    assert played.closed() == [first]
    assert played.router.owner(first) is None
    assert played.router.owner(second) == PeerOwner("guest", "a", "tab")


async def test_another_tab_needs_a_takeover() -> None:
    played = Played(shard_name(0))
    first = await played.open()
    with pytest.raises(RefusedError, match=r"seat\.in-use"):
        await played.open(client="other")
    assert played.closed() == []
    await played.open(client="other", takeover=True)
    assert played.closed() == [first]


async def test_a_second_offer_of_a_tab_ends_the_one_that_waits() -> None:
    played = Played(shard_name(0))
    waiting = asyncio.create_task(played.router.open("guest", "a", "tab", "v=0", takeover=False))
    await asyncio.sleep(0)
    await played.open()
    with pytest.raises(RefusedError, match=r"peer\.replaced"):
        await waiting


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("sdp.invalid", 400, "sdp.invalid"),
        ("sdp.no-codec", 406, "sdp.no-codec"),
        ("shard.full", 503, "shard.full"),
        ("something.else", 503, "shard.unavailable"),
    ],
)
async def test_a_shards_refusal_reaches_the_browser(code: str, status: int, told: str) -> None:
    played = Played(shard_name(0))
    opening = asyncio.create_task(played.router.open("guest", "a", "tab", "v=0", takeover=False))
    await asyncio.sleep(0)
    peer = played.offers()[0][1].peer
    played.router.on_message(shard_name(0), OfferFailed(peer, code, "Because."))
    with pytest.raises(RefusedError) as refused:
        await opening
    assert (refused.value.status, refused.value.code) == (status, told)
    assert played.router.owner(peer) is None


async def test_a_shard_that_dies_takes_its_peers() -> None:
    played = Played(shard_name(0), shard_name(1))
    first, other = await played.open("a"), await played.open("b")
    waiting = asyncio.create_task(played.router.open("guest", "c", "tab", "v=0", takeover=False))
    await asyncio.sleep(0)
    shard, offer = played.offers()[-1]
    assert shard == "shard-1"
    played.router.shard_down(shard_name(0))
    assert played.router.owner(first) is None
    assert played.router.owner(other) is not None
    assert played.told[-1] == ({"b": "connected", "c": "connecting"}, set())
    assert played.offers()[-1] == ("shard-2", offer)  # not answered yet: another one shall
    played.router.on_message(shard_name(1), Answer(offer.peer, "answer"))
    assert await waiting == (offer.peer, "answer")
    await played.open("a")
    assert played.offers()[-1][0] == "shard-2"


async def test_an_offer_waits_for_a_shard_that_is_coming_back() -> None:
    played = Played(shard_name(0), hold_s=5)
    await played.open("a")
    played.router.shard_down(shard_name(0))
    rejoining = [
        asyncio.create_task(played.router.open("guest", seat, "tab", "v=0", takeover=False))
        for seat in "abcd"
    ]
    await asyncio.sleep(0)
    assert len(played.offers()) == 1
    assert played.told[-1] == (dict.fromkeys("abcd", "connecting"), set())
    played.router.drop_seat("d")
    for shard in (shard_name(1), shard_name(0)):
        played.router.shard_up(shard)
    assert [to for to, _ in played.offers()[1:]] == ["shard-2"] * 3  # the first that was there
    played.router.shard_down(shard_name(1))  # and dies at once
    for shard, offer in played.offers()[-3:]:
        assert shard == "shard-1"
        played.router.on_message(shard, Answer(offer.peer, offer.seat))
    assert [(await each)[1] for each in rejoining[:3]] == ["a", "b", "c"]
    with pytest.raises(RefusedError, match=r"peer\.replaced"):
        await rejoining[3]


async def test_who_comes_back_is_spread_over_the_shards_that_are_left() -> None:
    played = Played(shard_name(0), shard_name(1), shard_name(2))
    for n in range(9):
        await played.open(f"seat-{n}")
    lost = [offer.seat for to, offer in played.offers() if to == "shard-2"]
    played.router.shard_down(shard_name(1))
    for seat in lost:
        await played.open(seat)
    assert sorted(to for to, _ in played.offers()[9:]) == ["shard-1", "shard-1", "shard-3"]
    played.router.shard_up(shard_name(1))
    for n in range(9, 12):
        await played.open(f"seat-{n}")
    assert [to for to, _ in played.offers()[12:]] == ["shard-2"] * 3


async def test_no_answer_in_time_closes_what_may_have_opened() -> None:
    played = Played(shard_name(0), timeout_s=0.02)
    with pytest.raises(RefusedError, match=r"shard\.unavailable"):
        await played.router.open("guest", "a", "tab", "v=0", takeover=False)
    peer = played.offers()[0][1].peer
    assert played.closed() == [peer]
    played.router.on_message(shard_name(0), Answer(peer, "too late"))
    assert played.closed() == [peer, peer]


async def test_a_broken_link_or_no_shard_is_unavailable() -> None:
    played = Played()
    with pytest.raises(RefusedError, match=r"shard\.unavailable"):
        await played.router.open("guest", "a", "tab", "v=0", takeover=False)
    assert played.told[-1] == ({}, set())
    played.router.shard_up(shard_name(0))
    assert played.offers() == []  # held no longer
    played = Played(shard_name(0))
    played.broken = True
    with pytest.raises(RefusedError, match=r"shard\.unavailable"):
        await played.router.open("guest", "a", "tab", "v=0", takeover=False)


async def test_a_restarted_control_finds_its_guests_again() -> None:
    played = Played(shard_name(0))
    guest, wall = peer_id("guest", "a", "tab"), peer_id("wall", "wall-1", "w")
    stats = (PeerStats(guest, "a", 640, 360), PeerStats(wall), PeerStats(peer_id("multiview", "", "c")))
    played.router.on_message(shard_name(0), ShardReport(stats))
    assert played.told == [({"a": "connected"}, {"wall", "multiview"})]
    assert played.router.owner(wall) == PeerOwner("wall", "wall-1", "w")
    with pytest.raises(RefusedError, match=r"seat\.in-use"):
        await played.open(client="another")
    await played.open(client="tab")  # the same tab, reloading
    assert played.closed() == [guest]
    played.router.drop_seat("wall-1")
    assert played.closed() == [guest, wall]


async def test_a_viewer_takes_the_place_of_its_own_tab_only() -> None:
    played = Played(shard_name(0))
    for seat, client in (("wall-1", "w"), ("wall-2", "w"), ("wall-1", "x"), ("wall-1", "w")):
        opening = asyncio.create_task(played.router.open("wall", seat, client, "v=0", takeover=False))
        await asyncio.sleep(0)
        played.router.on_message(shard_name(0), Answer(played.offers()[-1][1].peer, "answer"))
        await opening
    first = played.offers()[0][1]
    assert played.closed() == [first.peer]
    assert first.seat == ""


async def test_a_peer_that_its_shard_no_longer_lists_is_gone() -> None:
    played = Played(shard_name(0))
    peer = await played.open()
    played.router.on_message(shard_name(0), ShardReport(()))
    assert played.router.owner(peer) is not None  # not listed yet: it has only just come
    played.router.on_message(shard_name(0), ShardReport((PeerStats(peer, "a"),)))
    played.router.on_message(shard_name(0), ShardReport(()))
    assert played.router.owner(peer) is None
    assert played.told[-1] == ({}, set())


async def test_a_withdrawn_seat_loses_its_peers() -> None:
    played = Played(shard_name(0))
    peer, other = await played.open("a"), await played.open("b")
    played.router.drop_seat("a")
    played.router.drop_seat("")
    assert played.closed() == [peer]
    assert played.router.owner(other) is not None


async def test_rubbish_about_unknown_peers_changes_nothing() -> None:
    played = Played(shard_name(0))
    for message in (
        PeerChanged("guest-unknown", "connected"),
        PeerChanged("guest-unknown", "closed"),
        OfferFailed("guest-unknown", "sdp.invalid", ""),
        ShardReport((PeerStats("strange"), PeerStats("~~~"), PeerStats("guest~a~tab~x", "b"))),
        ShardReport((PeerStats("guest~a~tab~x"), PeerStats("wall~a~tab~x", "a"), PeerStats("other~~tab~x"))),
    ):
        played.router.on_message(shard_name(0), message)
    played.router.on_message(shard_name(8), ShardReport((PeerStats(peer_id("guest", "a", "tab"), "a"),)))
    assert played.told == []


async def test_an_offer_leaves_a_shard_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked to close what it may yet open, and nothing that it says afterwards counts."""
    monkeypatch.setattr("signaling.router.peers.QUIET_S", 0.2)
    played = Played(shard_name(0), shard_name(1))
    opening = asyncio.create_task(played.router.open("guest", "a", "tab", "v=0", takeover=False))
    async with asyncio.timeout(5):
        while len(played.offers()) < 2:
            played.router.on_message(shard_name(1), ShardReport(()))
            await asyncio.sleep(0.02)
    (first, offer), (second, again) = played.offers()
    assert (first, second) == ("shard-1", "shard-2")
    assert again == offer
    assert ("shard-1", ClosePeer(offer.peer)) in played.sent
    played.router.on_message(shard_name(0), Answer(offer.peer, "too late"))
    played.router.on_message(shard_name(0), PeerChanged(offer.peer, "closed"))
    played.router.on_message(shard_name(1), Answer(offer.peer, "answer"))
    assert await opening == (offer.peer, "answer")
    # it speaks again, so it gets offers again: it has less to do
    opening = asyncio.create_task(played.router.open("guest", "b", "tab", "v=0", takeover=False))
    await asyncio.sleep(0)
    assert played.offers()[-1][0] == "shard-1"
    opening.cancel()


async def test_an_interpreter_has_a_seat_as_a_guest_has() -> None:
    played = Played(shard_name(0), shard_name(1))
    first = await played.open("kim", kind="booth")
    assert played.offers()[-1][1].seat == "kim"
    assert played.told[-1] == ({"kim": "connected"}, set())
    assert played.router.owner(first) == PeerOwner("booth", "kim", "tab")
    with pytest.raises(RefusedError, match=r"seat\.in-use"):
        await played.open("kim", "other", kind="booth")
    told = len(played.told)
    second = await played.open("kim", "other", kind="booth", takeover=True)
    assert played.closed() == [first]
    assert played.told[told] == ({}, set()), "gone for a moment: no open microphone passes to another window"
    played.router.drop_seat("kim")
    assert played.closed() == [first, second]


async def test_the_directors_microphone_is_the_newest_ones_wherever_that_is() -> None:
    """A slot has one writer: the one before is closed before the new one opens, on the same shard."""
    played = Played(shard_name(0), shard_name(1))
    await played.open("a")  # so that the next one goes to the other shard
    first = await played.open("", "desk-1", kind="talkback")
    second = await played.open("", "desk-2", kind="talkback")
    assert played.closed() == [first]
    assert [to for to, _ in played.offers()] == ["shard-1", "shard-2", "shard-2"]
    assert played.offers()[-1][1].seat == ""
    assert played.told[-1] == ({"a": "connected"}, set())
    assert played.router.owner(second) == PeerOwner("talkback", "", "desk-2")


async def test_a_restarted_control_finds_its_interpreters_and_one_talkback_again() -> None:
    played = Played(shard_name(0), shard_name(1))
    booth = peer_id("booth", "kim", "tab")
    talks = [peer_id("talkback", "", f"desk-{n}") for n in (1, 2)]
    played.router.on_message(shard_name(0), ShardReport((PeerStats(booth, "kim"), PeerStats(talks[0]))))
    played.router.on_message(shard_name(1), ShardReport((PeerStats(talks[1]),)))
    assert played.told == [({"kim": "connected"}, set())]
    assert played.closed() == [talks[1]]
    with pytest.raises(RefusedError, match=r"seat\.in-use"):
        await played.open("kim", "other", kind="booth")
    for problem in ("", "media.silent", ""):
        played.router.on_message(shard_name(0), ShardReport((PeerStats(talks[0], problem=problem),)))
        assert played.router.has("talkback") is not bool(problem)
