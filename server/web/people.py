"""People: who there is, and who is connected."""

from aiohttp import web

from server.store import people
from server.web import bodies
from server.web.services import services


async def index(request: web.Request) -> web.Response:
    everybody = await services(request).db.read(people.everybody)
    online = services(request).alerts.online.people()
    return bodies.answer({"people": [{**person.to_wire(), "online": person.id in online} for person in everybody]})
