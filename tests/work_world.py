"""People and forms for tests of needs and proposals."""

from datetime import UTC, datetime

from data_access.actor import Actor
from data_access.codes import Role

ZONE = "Asia/Ho_Chi_Minh"
START = datetime(2021, 9, 2, 9, tzinfo=UTC)
MINISTRY = Actor(account="by-te", role=Role.NATIONAL)
SECOND = Actor(account="by-te-2", role=Role.NATIONAL)
OPERATOR = Actor(account="tttt", role=Role.OPERATOR)
STEWARD = Actor(account="du-lieu", role=Role.STEWARD)
HCM = Actor(account="hcm", role=Role.PROVINCE, areas=frozenset({"79"}))
HANOI = Actor(account="hn", role=Role.PROVINCE, areas=frozenset({"01"}))
PRESS = Actor(account="bao", role=Role.PRESS)
ADMIN = Actor(account="quan-tri", role=Role.ADMIN)

NEED = {
    "title": "Trả kết quả xét nghiệm bằng tin nhắn", "description": "Người dân chờ kết quả giấy.",
    "platform": "testing", "priority": "high", "links": ["https://moh.example/cv-12"],
}  # fmt: skip
PLAN = {"owner": "Cục Tin học hóa", "due": "2021-10-01"}
PROPOSAL = {
    "title": "Bản đồ nhiệt", "organisation": "Công ty A", "country": "Việt Nam",
    "platform": "tracing", "description": "Vẽ bản đồ ổ dịch.",
}  # fmt: skip
GROUP = {
    "group": "Tổ 1", "chair": "du-lieu", "technical": ["tttt", "du-lieu"],
    "medical": ["by-te", "by-te-2"], "security": ["tttt"],
}  # fmt: skip


def points(state: str, value: int = 7) -> dict[str, str]:
    """A filled-in score sheet of a stage: the same points for every criterion."""
    keys = {
        "tham_dinh_ky_thuat": ("fit", "integration", "scale", "cost"),
        "tham_dinh_y_te": ("need", "evidence", "workload"),
        "an_toan_thong_tin": ("personal_data", "protection", "dependence"),
    }[state]
    return {
        name: text
        for key in keys
        for name, text in ((f"score_{key}", str(value)), (f"why_{key}", f"vì {key}"))
    }
