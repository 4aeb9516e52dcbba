"""Tables of alerts: alerts, the days that made them, what was done, what could be judged, post."""

import sqlalchemy as sa


def declare_alerts(into: sa.MetaData) -> None:
    """Add the tables of alerts to a metadata object."""
    _alerts(into)
    _evidence(into)
    _steps(into)
    _watched(into)
    _outbox(into)


def _alerts(into: sa.MetaData) -> None:
    sa.Table(
        "alert",
        into,
        sa.Column("alert_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("rule_version", sa.Integer, nullable=False),
        sa.Column("indicator", sa.Text, nullable=False),
        # Of the indicator: who may see it.
        sa.Column("clearance", sa.Integer, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("area_code", sa.Text, nullable=False),
        sa.Column("vintage", sa.Text, nullable=False),
        # Code of the province it lies in; empty for the nation.
        sa.Column("province", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        # Raised by every step of a person: who acts names the one they saw.
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("raised_at", sa.BigInteger, nullable=False),
        sa.Column("first_day", sa.Integer, nullable=False),
        sa.Column("last_day", sa.Integer, nullable=False),
        sa.Column("assignee", sa.Text, nullable=False, server_default=""),
        sa.Column("closed_at", sa.BigInteger),
        # The alert of the same rule and area that was closed shortly before.
        sa.Column("previous", sa.Integer),
        # Rule, area and vintage while it is open, NULL afterwards: one open alert of each.
        sa.Column("open_key", sa.Text),
        # Number of the last change to any alert: screens ask for the largest.
        sa.Column("moved", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("open_key"),
        sa.Index("ix_alert_state", "state"),
    )


def _evidence(into: sa.MetaData) -> None:
    sa.Table(
        "alert_evidence",
        into,
        # A day speaks once for a rule and an area, in whichever alert.
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("area_code", sa.Text, primary_key=True),
        sa.Column("vintage", sa.Text, primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("alert_id", sa.Integer, nullable=False),
        sa.Column("rule_version", sa.Integer, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("baseline", sa.Double),
        sa.Column("spread", sa.Double),
        sa.Column("bound", sa.Double, nullable=False),
        sa.Column("statistic", sa.Double, nullable=False),
        sa.Column("n_days", sa.Integer, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Index("ix_alert_evidence_alert_id", "alert_id"),
    )


def _steps(into: sa.MetaData) -> None:
    sa.Table(
        "alert_step",
        into,
        sa.Column("alert_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("assignee", sa.Text, nullable=False, server_default=""),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
    )


def _watched(into: sa.MetaData) -> None:
    sa.Table(
        "alert_watch",
        into,
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("area_code", sa.Text, primary_key=True),
        sa.Column("vintage", sa.Text, primary_key=True),
        sa.Column("province", sa.Text, nullable=False),
        sa.Column("clearance", sa.Integer, nullable=False),
        # The newest day judged, and what came of it: clear, alarm or insufficient.
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("since", sa.BigInteger, nullable=False),
    )


def _outbox(into: sa.MetaData) -> None:
    sa.Table(
        "alert_outbox",
        into,
        # Channel, alert and step: a step is told once on a channel.
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        # Until then somebody else is sending it.
        sa.Column("claimed_until", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("n_tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("problem", sa.Text, nullable=False, server_default=""),
        sa.Column("sent_at", sa.BigInteger),
        sa.Index("ix_alert_outbox_due_at", "due_at"),
    )
