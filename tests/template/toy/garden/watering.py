"""The job: how many litres of water a bed needs tonight."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text

from app.credentials.plan import PlannedStep
from app.credentials.proof import ARGUMENTS
from garden.tools import SOIL, TOOLS, WEATHER
from workers.runtime.job import Domain


@dataclass(frozen=True)
class Bed:
    bed_id: str
    place: str


@dataclass(frozen=True)
class Need:
    bed_id: str
    litres: Decimal | None
    reason: str


class Watering:
    def load(self, db, held, _job_id):
        return Bed(*db.execute(text(f"SELECT * FROM load_bed({ARGUMENTS})"), held.parameters()).one())  # noqa: S608

    def plan(self, job):
        return [
            PlannedStep(
                number=1,
                tool=WEATHER.name,
                question=f"Will it rain in {job.place}?",
                reason="Rain waters, too.",
            ),
            PlannedStep(number=2, tool=SOIL.name, question="Is the soil dry?", reason="Wet soil can wait."),
        ]

    def conclude(self, job, answers):
        gaps = [f"{answer.tool.name}: {answer.gap}" for answer in answers if answer.gap]
        if gaps:
            return Need(job.bed_id, None, "; ".join(gaps))
        facts = {answer.tool.name: [sourced.fact for sourced in answer.facts] for answer in answers}
        (weather,), probes = facts[WEATHER.name], facts[SOIL.name]
        driest = min(probe.percent for probe in probes)
        return Need(
            job.bed_id, max(Decimal(0), 40 - driest - weather.rain_mm), f"{driest} % at the driest probe"
        )

    def store(self, db, conclusion, *, held):
        need = {"litres": conclusion.litres, "reason": conclusion.reason}
        db.execute(text(f"SELECT store_watering({ARGUMENTS}, :litres, :reason)"), held.parameters() | need)


DOMAIN = Domain(tools={tool.name: tool for tool in TOOLS}, make_job_type=lambda _: Watering())
