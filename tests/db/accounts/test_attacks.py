"""What an attacker tries, each met by a test."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa

from data_access import tables
from data_access.accounts import manage, passwords, sessions, signin, throttle
from data_access.accounts.keys import Keys
from data_access.accounts.model import Refused, console
from data_access.actor import Actor
from data_access.codes import Role
from data_access.errors import ScopeDenied
from tests.db.accounts.conftest import COOKIE, GOOD, START, World

pytestmark = pytest.mark.db
WRONG = "không phải mật khẩu này"
US = console("tests")


def fail(world: World, times: int, *, login: str = "chi.huy", address: str = "10.0.0.9") -> None:
    for _ in range(times):
        assert world.sign_in(login, WRONG, address=address) is None


def test_the_right_password_opens_and_the_session_names_the_account(world: World) -> None:
    found = world.who(world.sign_in(" Ha.Noi ", address="10.0.0.1"))
    assert found
    assert (found.login, found.role, found.areas) == ("ha.noi", Role.PROVINCE, {"01"})


def test_the_same_letters_typed_another_way_are_the_same_password(world: World) -> None:
    decomposed = GOOD.replace("ô", "o\u0302")
    assert decomposed != GOOD
    assert world.sign_in("chi.huy", decomposed)


def test_guessing_locks_and_each_further_guess_locks_for_longer(world: World) -> None:
    fail(world, throttle.ACCOUNT.free)
    assert world.sign_in("chi.huy") is None  # the right one, too
    locks = []
    for _ in range(8):
        gone = 0
        while world.sign_in("chi.huy", address="10.0.0.2") is None:
            world.later(seconds=30)
            gone += 30
            assert gone <= 900
        locks.append(gone)
        with world.engine.begin() as connection:  # as if it had been another wrong one
            throttle.forget(connection, signin.account_key(world.keys, "chi.huy"))
        fail(world, throttle.ACCOUNT.free + len(locks), address=f"10.1.{len(locks)}.1")
        if len(locks) == 1:
            break
    assert locks == [30]
    steps = [throttle.ACCOUNT.lock_after(n) for n in range(14)]
    assert steps[4] == timedelta()
    assert steps[5:8] == [timedelta(seconds=s) for s in (30, 60, 120)]
    assert steps == sorted(steps)
    assert throttle.ACCOUNT.lock_after(10**6) == timedelta(minutes=15)


def test_a_lock_ends_by_itself_and_success_begins_the_count_anew(world: World) -> None:
    fail(world, throttle.ACCOUNT.free)
    world.later(seconds=31)
    assert world.sign_in("chi.huy")
    fail(world, throttle.ACCOUNT.free - 1)
    assert world.sign_in("chi.huy")


def known(world: World, login: str) -> str:
    account = world.who(world.sign_in(login, address="10.7.7.7"))
    assert account is not None
    return signin.browser_mark(world.keys, account.account_id)


def test_a_stranger_who_guesses_without_end_does_not_shut_the_owner_out(world: World) -> None:
    own = known(world, "chi.huy")
    fail(world, throttle.ACCOUNT.free + 9)
    for number in range(10):  # the first guess after each lock comes from the stranger
        world.later(minutes=15, seconds=1)
        assert world.sign_in("chi.huy", WRONG, address=f"198.51.100.{number}") is None
        assert world.sign_in("chi.huy", address="10.0.0.9") is None
        assert world.sign_in("chi.huy", address="10.0.0.9", browser=own)


def test_guesses_in_a_known_browser_are_counted_too(world: World) -> None:
    own = known(world, "chi.huy")
    for number in range(throttle.ACCOUNT.free):
        address = f"198.51.100.{number}"
        assert world.sign_in("chi.huy", WRONG, browser=own, address=address) is None
    assert world.sign_in("chi.huy", browser=own) is None
    assert world.sign_in("chi.huy")  # another browser's count is another


@pytest.mark.parametrize("case", ["another's", "forged", "other key", "letters", "long"])
def test_a_browser_that_is_not_known_is_a_stranger(world: World, case: str) -> None:
    own = known(world, "chi.huy")
    account = world.who(world.sign_in("chi.huy", browser=own))
    assert account is not None
    shown = {
        "another's": known(world, "ha.noi"),
        "forged": own[:-1] + ("0" if own[-1] != "0" else "1"),
        "other key": signin.browser_mark(Keys("another-key-" * 4), account.account_id),
        "letters": "é.ử",
        "long": own + "0" * 200,
    }[case]
    fail(world, throttle.ACCOUNT.free)
    assert world.sign_in("chi.huy", browser=shown, address="10.0.0.9") is None
    assert world.sign_in("chi.huy", browser=own, address="10.0.0.9")


def test_an_address_that_tries_many_logins_is_locked_alone(world: World) -> None:
    for number in range(throttle.ADDRESS.free):
        assert world.sign_in(f"nguoi.{number}", WRONG, address="203.0.113.7") is None
    assert world.sign_in("chi.huy", address="203.0.113.7") is None
    assert world.sign_in("chi.huy", address="203.0.113.8")


def test_guesses_made_at_once_count_one_by_one(world: World) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: world.sign_in("chi.huy", WRONG), range(12)))
    assert answers == [None] * 12
    with world.engine.connect() as connection:
        held = tables.login_throttle
        key = signin.account_key(world.keys, "chi.huy")
        row = connection.execute(sa.select(held).where(held.c.key == key)).one()
    # Those beyond the limit were refused without being counted as guesses, none got through.
    assert row.failures == throttle.ACCOUNT.free
    assert row.failures + row.refused == 12


@pytest.mark.parametrize("case", ["wrong", "unknown", "locked", "disabled", "demo", "factor"])
def test_every_refusal_computes_the_hash_exactly_once(
    world: World, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    login, password = "chi.huy", GOOD
    if case == "wrong":
        password = WRONG
    elif case == "unknown":
        login = "khong.co"
    elif case == "locked":
        fail(world, throttle.ACCOUNT.free)
    elif case == "disabled":
        manage.disable(world.engine, login, actor=US, now=world.now)
    elif case == "demo":
        world.add("thu.nghiem", Role.NATIONAL, is_demo=True)
        login = "thu.nghiem"
    else:
        turn_on(world, login)
    computed = []

    def counted(password: str, stored: str | None) -> bool:
        computed.append(stored)
        return plain(password, stored)

    plain = passwords.matches
    monkeypatch.setattr(passwords, "matches", counted)
    assert world.sign_in(login, password) is None
    assert len(computed) == 1


def test_a_login_that_does_not_exist_is_hashed_with_the_same_cost() -> None:
    of_nobody, real = passwords._of_nobody(), passwords.hashed(GOOD)
    assert of_nobody.split("$")[:4] == real.split("$")[:4]
    assert not passwords.matches(GOOD, None)


@pytest.mark.parametrize("login", ["known", "unknown"])
def test_the_first_attempt_of_a_process_costs_the_same_whoever_it_names(
    monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    """The hash that unknown logins are checked against is made once: not by their attempt alone."""
    real, made = passwords.hashed(GOOD), []
    hashed = passwords.hashed
    monkeypatch.setattr(passwords, "hashed", lambda text: made.append(1) or hashed(text))
    passwords._of_nobody.cache_clear()
    assert not passwords.matches(WRONG, real if login == "known" else None)
    assert made == [1]


def test_forged_foreign_and_ended_sessions_open_nothing(world: World) -> None:
    secret = world.sign_in("chi.huy")
    assert world.who(secret)
    assert secret
    for forged in ("", secret[:-1], secret + "A", "A" * 43, "x" * 10_000, secret.swapcase()):
        assert world.who(forged) is None
    # A session that began over TLS is of no use under the name taken without TLS.
    assert world.who(secret, cookie="td_session") is None
    sessions.end(world.engine, secret, cookie=COOKIE, now=world.now)
    assert world.who(secret) is None


def test_nothing_that_opens_is_stored(world: World) -> None:
    secret = world.sign_in("chi.huy", address="203.0.113.99")
    fail(world, 1, address="203.0.113.99")
    with world.engine.connect() as connection:
        held = [
            str(row)
            for table in (tables.account, tables.account_session, tables.login_throttle)
            for row in connection.execute(sa.select(table))
        ]
    text = "\n".join(held)
    assert len(held) == 6
    for private in (str(secret), GOOD, "203.0.113.99", WRONG):
        assert private not in text
    assert text.count("$argon2id$") == 3


def test_a_session_ends_when_idle_and_after_twelve_hours_in_any_case(world: World) -> None:
    secret = world.sign_in("chi.huy")
    world.later(minutes=59)
    assert world.who(secret)
    world.later(minutes=2)
    assert world.who(secret) is None
    secret = world.sign_in("chi.huy")
    assert secret
    for _ in range(23):
        world.later(minutes=30)
        sessions.touch(
            world.engine, secret, cookie=COOKIE, seen=world.now - timedelta(minutes=30),
            now=world.now,
        )  # fmt: skip
        assert world.who(secret)
    world.later(minutes=30)
    assert world.who(secret) is None


def test_the_session_that_was_there_before_is_over_after_signing_in(world: World) -> None:
    planted = world.sign_in("chi.huy")
    own = world.sign_in("ha.noi", replaces=str(planted))
    assert own != planted
    assert world.who(planted) is None
    assert world.who(own)


@pytest.mark.parametrize("change", ["role", "areas", "disable", "password", "own", "factor"])
def test_a_change_ends_every_session_at_once(world: World, change: str) -> None:
    held = [world.sign_in("ha.noi") for _ in range(2)]
    fresh = None
    engine, now, areas = world.engine, world.now, world.areas
    if change == "role":
        none: frozenset[str] = frozenset()
        manage.set_role(engine, "ha.noi", Role.NATIONAL, reach=none, areas=areas, actor=US, now=now)
    elif change == "areas":
        reach = frozenset({"01", "79"})
        manage.set_role(
            engine, "ha.noi", Role.PROVINCE, reach=reach, areas=areas, actor=US, now=now
        )
    elif change == "disable":
        manage.disable(engine, "ha.noi", actor=US, now=now)
    elif change == "password":
        manage.reset_password(engine, "ha.noi", keys=world.keys, actor=US, now=now)
    elif change == "own":
        fresh = own_password(world, "ha.noi", "một mật khẩu khác hẳn")
    else:
        fresh = turn_on(world, "ha.noi")
    assert [world.who(secret) for secret in held] == [None, None]
    if fresh:
        assert world.who(fresh)
        assert fresh not in held


def own_password(world: World, login: str, new: str, *, old: str = GOOD) -> str | None:
    account = world.who(world.sign_in(login, old))
    assert account
    attempt = signin.Attempt(login=login, password=old)
    return signin.change_password(world.door, account.account_id, attempt, new=new, now=world.now)


def turn_on(world: World, login: str, *, secret: str = pyotp.random_base32()) -> str | None:
    account = world.who(world.sign_in(login))
    assert account
    code = pyotp.TOTP(secret).at(world.now)
    attempt = signin.Attempt(login=login, password=GOOD, code=code)
    return signin.turn_on_totp(
        world.door, account.account_id, attempt, secret=secret, now=world.now
    )


def test_a_code_opens_once_and_only_near_its_time(world: World) -> None:
    secret = pyotp.random_base32()
    assert turn_on(world, "chi.huy", secret=secret)
    codes = pyotp.TOTP(secret)
    assert world.sign_in("chi.huy", code=codes.at(world.now)) is None  # used to turn it on
    world.later(seconds=60)
    assert world.sign_in("chi.huy") is None
    assert world.sign_in("chi.huy", code="000000") is None
    assert world.sign_in("chi.huy", code="không") is None
    code = codes.at(world.now)
    assert world.sign_in("chi.huy", code=f"{code[:3]} {code[3:]}")
    assert world.sign_in("chi.huy", code=code) is None
    earlier = codes.at(world.now - timedelta(seconds=30))
    assert world.sign_in("chi.huy", code=earlier) is None  # older than the one used
    world.later(minutes=2)
    assert world.sign_in("chi.huy", code=code) is None


def test_a_wrong_password_does_not_use_up_a_code(world: World) -> None:
    secret = pyotp.random_base32()
    turn_on(world, "chi.huy", secret=secret)
    world.later(minutes=1)
    code = pyotp.TOTP(secret).at(world.now)
    assert world.sign_in("chi.huy", WRONG, code=code) is None
    assert world.sign_in("chi.huy", code=code)


def test_a_second_factor_is_sealed_to_its_account_and_key(world: World) -> None:
    secret = pyotp.random_base32()
    turn_on(world, "chi.huy", secret=secret)
    with world.engine.connect() as connection:
        held = connection.execute(
            sa.select(tables.account.c.totp_secret, tables.account.c.account_id)
            .where(tables.account.c.login == "chi.huy")
        ).one()  # fmt: skip
    assert secret not in held.totp_secret
    assert world.keys.unseal(held.totp_secret, owner=held.account_id) == secret
    assert world.keys.unseal(held.totp_secret, owner="another") is None
    assert type(world.keys)("another-key").unseal(held.totp_secret, owner=held.account_id) is None


def test_an_account_that_was_shut_while_its_password_was_checked_stays_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = passwords.matches

    def meanwhile(password: str, stored: str | None) -> bool:
        manage.disable(world.engine, "chi.huy", actor=US, now=world.now)
        return plain(password, stored)

    monkeypatch.setattr(passwords, "matches", meanwhile)
    assert world.sign_in("chi.huy") is None


def test_accounts_of_a_demonstration_open_nothing_elsewhere(world: World) -> None:
    world.demo = True
    world.add("demo.x", Role.ADMIN, is_demo=True)
    secret = world.sign_in("demo.x")
    assert world.who(secret)
    world.demo = False
    assert world.who(secret) is None
    assert world.sign_in("demo.x") is None


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("ngắn quá 123", None),
        ("ngắn quá 12", "password_short"),
        ("x" * 201, "password_long"),
        ("password-1234", "password_common"),
        ("MatKhau123456", "password_common"),
        ("aaaaaaaaaaaabbb", "password_common"),
        ("toi la chi.huy day", "password_login"),
    ],
)
def test_password_rules(password: str, rule: str | None) -> None:
    if rule is None:
        passwords.check(password, login="chi.huy")
        return
    with pytest.raises(Refused) as refused:
        passwords.check(password, login="chi.huy")
    assert refused.value.rule == rule
    assert password not in str(refused.value)


def test_one_time_passwords_pass_the_rules_and_differ() -> None:
    made = {passwords.one_time() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        passwords.check(password, login="abc")


def test_the_first_password_has_to_be_changed_and_not_to_itself(world: World) -> None:
    account = world.who(world.sign_in("chi.huy"))
    assert account
    assert account.must_change
    with pytest.raises(Refused) as refused:
        own_password(world, "chi.huy", GOOD)
    assert refused.value.rule == "password_same"
    fresh = own_password(world, "chi.huy", "một mật khẩu khác hẳn")
    changed = world.who(fresh)
    assert changed
    assert not changed.must_change
    assert world.sign_in("chi.huy") is None
    assert world.sign_in("chi.huy", "một mật khẩu khác hẳn")


def test_guessing_the_old_password_in_an_open_session_is_counted_too(world: World) -> None:
    account = world.who(world.sign_in("chi.huy"))
    assert account
    attempt = signin.Attempt(login="chi.huy", password=WRONG)
    for _ in range(throttle.ACCOUNT.free):
        assert (
            signin.change_password(
                world.door, account.account_id, attempt, new="x" * 15 + "abcd", now=START
            )
            is None
        )
    assert world.sign_in("chi.huy") is None


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMIN, Role.SYSTEM}])
def test_only_administrators_change_accounts(world: World, role: Role) -> None:
    actor = Actor(account="somebody", role=role)
    engine, now = world.engine, world.now
    tries = (
        lambda: manage.disable(engine, "ha.noi", actor=actor, now=now),
        lambda: manage.enable(engine, "ha.noi", keys=None, actor=actor, now=now),
        lambda: manage.reset_password(engine, "ha.noi", keys=None, actor=actor, now=now),
        lambda: manage.drop_totp(engine, "ha.noi", actor=actor, now=now),
        lambda: sessions.end_everywhere(engine, "ha.noi", actor=actor, now=now),
    )
    for tried in tries:
        with pytest.raises(ScopeDenied):
            tried()
    assert world.sign_in("ha.noi")


def test_who_is_no_administrator_any_more_changes_nothing(world: World) -> None:
    world.add("quan.tri.2", Role.ADMIN)
    second = world.who(world.sign_in("quan.tri.2"))
    assert second
    manage.disable(world.engine, "quan.tri.2", actor=US, now=world.now)
    with pytest.raises(ScopeDenied):
        manage.disable(world.engine, "ha.noi", actor=second.actor, now=world.now)
    invented = Actor(account="no-such-id", role=Role.ADMIN)
    with pytest.raises(ScopeDenied):
        manage.disable(world.engine, "ha.noi", actor=invented, now=world.now)


def test_nobody_shuts_out_themselves_or_the_last_administrator(world: World) -> None:
    first = world.who(world.sign_in("quan.tri"))
    assert first
    none: frozenset[str] = frozenset()
    for actor, rule in ((first.actor, "yourself"), (US, "last_admin")):
        with pytest.raises(Refused) as refused:
            manage.disable(world.engine, "quan.tri", actor=actor, now=world.now)
        assert refused.value.rule == rule
        with pytest.raises(Refused):
            manage.set_role(
                world.engine, "quan.tri", Role.NATIONAL, reach=none, areas=world.areas,
                actor=actor, now=world.now,
            )  # fmt: skip
    world.add("quan.tri.2", Role.ADMIN)
    manage.disable(world.engine, "quan.tri", actor=US, now=world.now)
    with pytest.raises(Refused):
        manage.disable(world.engine, "quan.tri.2", actor=US, now=world.now)
