"""Two tools: a weather service that takes an API key, and the database of the soil probes."""

from decimal import Decimal

from pydantic import BaseModel, RootModel

from app.credentials.grants import ApiKey, DatabaseUser
from app.credentials.tool_record import ToolRecord
from workers.runtime.tool import DatabaseTool, HttpTool, SourcedFact

WEATHER = ToolRecord(name="weather", credential=ApiKey("weather", "forecast:read"))
SOIL = ToolRecord(name="soil", credential=DatabaseUser("soil-reader", "SELECT on moisture"))


class Forecast(BaseModel):
    rain_mm: Decimal


class Probe(BaseModel):
    probe: str
    percent: int


class Probes(RootModel[list[Probe]]):
    pass


def forecast(client, bed):
    answer = client.get("/forecast", {"place": bed.place})
    yield SourcedFact(bed.place, answer.parse(Forecast), answer.call_id)


def moisture(client, bed):
    answer = client.select(
        "SELECT moisture", "SELECT probe, percent FROM moisture WHERE bed_id = %(bed)s", {"bed": bed.bed_id}
    )
    for reading in answer.parse(Probes).root:
        yield SourcedFact(reading.probe, reading, answer.call_id)


TOOLS = (HttpTool(record=WEATHER, look_up=forecast), DatabaseTool(record=SOIL, look_up=moisture))
