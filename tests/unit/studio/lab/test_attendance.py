"""Who came to a rehearsal: the book that is kept, and what is said of it."""

from studio.lab.attendance import Register, absentees


def test_who_came_left_and_came_back() -> None:
    register = Register(["a", "b", "c"])
    register.came("a", 1.0)
    register.went("a", "nothing came", 3.0)
    register.went("a", "503 shard.unavailable", 3.5)
    register.came("a", 4.0)
    register.came("b", 2.0)
    report = register.report(10.0)
    a, b, c = report.guests
    assert (a.presence, a.joined_s, a.breaks, a.away_s, a.reason) == (
        *("there", 1.0, 1, 1.0),
        "503 shard.unavailable",
    )
    assert (b.presence, b.breaks, b.away_s) == ("there", 0, 0.0)
    assert (c.presence, c.joined_s) == ("missing", None)
    assert (report.there, report.away, report.missing, report.all_there_s) == (2, 0, 1, None)
    assert not report.complete


def test_who_is_away_at_the_end_is_away_until_then() -> None:
    register = Register(["a", "b"])
    register.came("a", 1.0)
    register.came("b", 1.5)
    register.went("a", "the media connection was lost", 6.0)
    report = register.report(10.0)
    assert (report.guests[0].presence, report.guests[0].away_s) == ("away", 4.0)
    assert (report.away, report.all_there_s, report.complete) == (1, 1.5, False)
    assert register.report(11.0).guests[0].away_s == 5.0, "asked twice"


def test_one_line_says_who_is_not_there_and_why() -> None:
    register = Register([str(number) for number in range(5)])
    register.came("0", 1.0)
    register.came("1", 1.0)
    register.went("1", "nothing came", 2.0)
    for seat in "23":
        register.went(seat, "503 shard.full", 2.0)
    line = "3 of 5 guests never joined; 1 of 5 joined and were not there at the end"
    assert absentees(register.report(3.0)) == f"{line}: 503 shard.full (2); nothing came (1)"
    complete = Register(["a"])
    complete.came("a", 0.5)
    complete.went("a", "nothing came", 2.0)
    complete.came("a", 2.5)
    assert absentees(complete.report(3.0)) == ""
