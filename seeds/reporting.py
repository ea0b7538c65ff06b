"""Who reports which sample issue, where, and with what: all but what follows from the rules."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from schema.access import Permission, permitted
from schema.actor import Actor
from schema.issues.choosing import is_open
from schema.issues.placing import Place
from schema.issues.report import CHANNELS
from seeds.chance import Chance
from seeds.scene import Scene
from seeds.titles import Titles
from tenants.catalogue import Category, QuestionKind, Service, ServiceQuestion
from tenants.channel import Channel
from tenants.roles import Role
from tenants.workflow import Severity

RESIDENTS = 3
"""Issues a sample resident, on average."""

_WEIGHTS: Mapping[str | None, float] = {
    "environment": 5,
    "safety": 3,
    "property": 3,
    "facilities": 4,
    "dispute": 2.5,
    "home_services": 1.2,
    "public_services": 1.2,
    "enterprise": 1.5,
}
_LEAST = 0.15
_CHANNELS = (Channel.APP, Channel.MINI_PROGRAM, Channel.PHONE, Channel.WEB, Channel.TERMINAL)
_SEVERITIES = (Severity.ORDINARY, Severity.COMPLEX, Severity.MAJOR)


@dataclass(frozen=True)
class Draw:
    """A report before it becomes an issue."""

    category: Category
    service: Service
    place: Place
    reporter: Actor
    columns: Mapping[str, object]


class Reporting:
    """Draws the reports of one city; `residents` is how many invented residents there are.

    Only services with these codes are drawn, None = all.
    """

    def __init__(
        self, scene: Scene, titles: Titles, residents: int, services: Collection[str] | None = None
    ) -> None:
        self._scene, self._titles, self._residents = scene, titles, max(1, residents)
        self._services = [
            pair
            for code, pair in scene.definition.services.items()
            if services is None or code in services
        ]
        groups = [service.domain for _, service in self._services]
        self._weights = [
            _WEIGHTS.get(service.domain, 1.5) / groups.count(service.domain) ** 0.5
            for _, service in self._services
        ]
        self._weights = _evened(self._weights, [service.workflow for _, service in self._services])
        self._staff_by_role = {
            role: [m for m in scene.handlers if m.actor.role is role] for role in Role
        }

    def draw(self, chance: Chance, day: datetime.date) -> Draw | None:
        """One report; None in a city without services or places."""
        scene = self._scene
        if not self._services or not scene.places:
            return None
        category, service = chance.weighted(self._services, self._weights)
        near = scene.handled_at(service.handled_by) if chance.is_one_of(0.9) else ()
        place = chance.pick(near or scene.neighbourhoods)
        reporter = self._reporter(service, place, chance, day)
        return Draw(
            category,
            service,
            place,
            reporter,
            self._columns(category, service, place, reporter, chance, day),
        )

    def _reporter(
        self, service: Service, place: Place, chance: Chance, day: datetime.date
    ) -> Actor:
        """Mostly a resident, else somebody who works near, else whoever may."""
        workflow = self._scene.definition.workflows[service.workflow or ""]
        graded = any(action.severities for action in workflow.actions)
        is_staff = chance.is_one_of(0.55 if graded else 0.1)
        staff = [
            member.actor
            for member in self._scene.members(place)
            if member.since <= day and is_open(service, frozenset({member.actor.role}))
        ]
        resident = is_open(service, frozenset({Role.RESIDENT}))
        if staff and (is_staff or not resident):
            return chance.pick(staff)
        if resident:
            return self._resident(chance)
        held = [m for role in service.audience for m in self._staff_by_role[role]]
        held = [member for member in held if member.since <= day]
        return chance.pick(held).actor if held else self._scene.admin

    def _resident(self, chance: Chance) -> Actor:
        slug = self._scene.definition.tenant.slug
        # whoever tries the demo as its resident finds some issues of its own
        is_persona = chance.is_one_of(0.02)
        number = 1 + chance.number(self._residents)
        subject = f"demo-resident-{slug}" if is_persona else f"sample-resident-{number}"
        return self._scene.somebody(subject, Role.RESIDENT)

    def _columns(
        self, category: Category, service: Service, place: Place, reporter: Actor,
        chance: Chance, day: datetime.date,
    ) -> dict[str, object]:  # fmt: skip
        resident = reporter.role is Role.RESIDENT
        channel = CHANNELS.get(reporter.role, Channel.OTHER)
        if resident:
            channel = chance.weighted(_CHANNELS, (50, 25, 14, 8, 3))
        group = None
        if service.priority_groups and chance.is_one_of(0.3):
            group = chance.pick(service.priority_groups)
        text = None
        if chance.is_one_of(0.5):
            text = self._titles.description(service, place, chance)
        return {
            "severity": self._severity(reporter, place, chance).value,
            "channel": channel.value,
            "priority_group": group,
            "title": self._titles.title(category, service, place, chance),
            "description": text,
            "answers": self._answers(service.questions, chance, day),
            "latitude": None,
            "longitude": None,
            "reporter_subject": reporter.subject,
            "reporter_person_id": reporter.person,
        }

    def _severity(self, reporter: Actor, place: Place, chance: Chance) -> Severity:
        tenant_id = self._scene.tenant_id
        if not permitted(reporter, Permission.HANDLE_ISSUES, tenant_id, place.path):
            return Severity.ORDINARY
        return chance.weighted(_SEVERITIES, (50, 30, 20))

    def _answers(
        self, questions: Sequence[ServiceQuestion], chance: Chance, day: datetime.date
    ) -> dict[str, str]:
        return {
            question.key: self._answer(question, chance, day)
            for question in questions
            if question.required
            or (question.kind is not QuestionKind.PHOTO and chance.is_one_of(0.5))
        }

    def _answer(self, question: ServiceQuestion, chance: Chance, day: datetime.date) -> str:
        match question.kind:
            case QuestionKind.CHOICE:
                return chance.pick(question.choices)
            case QuestionKind.BOOLEAN:
                return "true" if chance.is_one_of(0.4) else "false"
            case QuestionKind.NUMBER:
                return str(1 + chance.number(20))
            case QuestionKind.DATE:
                return (day + datetime.timedelta(1 + chance.number(14))).isoformat()
            case QuestionKind.PHOTO:
                return f"https://example.com/sample/{1 + chance.number(40)}.jpg"
            case QuestionKind.TEXT:
                return chance.pick(self._titles.answers)


def _evened(weights: Sequence[float], workflows: Sequence[str | None]) -> list[float]:
    """Weights of services by which no workflow has much less than others."""
    total, sums = sum(weights), dict.fromkeys(workflows, 0.0)
    for weight, workflow in zip(weights, workflows, strict=True):
        sums[workflow] += weight
    return [
        weight * max(1.0, _LEAST * total / sums[workflow])
        for weight, workflow in zip(weights, workflows, strict=True)
    ]
