"""The people one may be in the demo. `demo_logins` prints them; `seed_demo` makes them."""

from __future__ import annotations

from dataclasses import dataclass

from cms.demo.people import demo_phone

PASSWORD = "neighbours-2026"  # noqa: S105 - of a demo that holds invented people only
HOME_ORGANISATION = "badaguan-station"


@dataclass(frozen=True)
class Login:
    key: str
    role: str
    name: str
    phone: str
    email: str = ""
    organisation: str = ""
    membership: str = ""
    is_city_staff: bool = False


LOGINS = (
    Login("alice", "resident", "林爱丽", demo_phone(1)),
    Login("student", "student of 海云大学", "骆小满", demo_phone(2)),
    Login(
        "bao",
        "organiser, 八大关平安志愿服务站",
        "包立春",
        demo_phone(3),
        "bao@linli.example",
        HOME_ORGANISATION,
        "organiser",
    ),
    Login(
        "rui",
        "reviewer, the same station",
        "芮清",
        demo_phone(4),
        "rui@linli.example",
        HOME_ORGANISATION,
        "reviewer",
    ),
    Login(
        "chen",
        "bookkeeper, 红瓦社区基金会",
        "陈慎之",
        demo_phone(5),
        "chen@linli.example",
        "red-tile-foundation",
        "finance",
    ),
    Login(
        "dai",
        "organiser elsewhere, 湛山夜巡队",
        "戴维安",
        demo_phone(6),
        "dai@linli.example",
        "zhanshan-night-team",
        "organiser",
    ),
    Login("tan", "treasurer, the same foundation", "谭明理", demo_phone(8), "tan@linli.example"),
    Login(
        "kang",
        "treasurer elsewhere, 百果山社区基金会",
        "康乐",
        demo_phone(9),
        "kang@linli.example",
    ),
    Login(
        "city",
        "city staff, sees everything",
        "邻里编辑部",
        demo_phone(7),
        "city@linli.example",
        is_city_staff=True,
    ),
)


def login_table() -> str:
    """The logins as lines for a terminal."""
    rows = ["  Who you can be (everybody here is invented):", ""]
    for login in LOGINS:
        if login.email:
            way = f"{login.email}  password {PASSWORD}"
        else:
            way = f"{login.phone.removeprefix('+86')}  the code arrives at /demo/messages/"
        rows.append(f"    {_padded(login.name, 12)}{_padded(login.role, 34)}{way}")
    return "\n".join(rows)


def _padded(text: str, width: int) -> str:
    """Chinese characters take two columns of a terminal."""
    taken = sum(2 if ord(character) > 0x2E80 else 1 for character in text)
    return text + " " * max(1, width - taken)
