"""Routes: the one table of everything that can be asked for. A line without a permission stops the start."""

from collections.abc import Iterable

from aiohttp import web

from server.core.access import Permission as May
from server.web import (
    alerts,
    audit,
    bulletins,
    camera_health,
    cameras,
    city,
    clips,
    events_socket,
    health,
    heartbeat,
    intake,
    media,
    metrics,
    past,
    people,
    picture_checks,
    policies,
    pushes,
    receipts,
    recipients,
    session,
    still,
    subscriptions,
    uptime,
    video_socket,
)
from server.web.bodies import MAX_BYTES
from server.web.gate import Gate
from server.web.pages import PAGES, Pages
from server.web.route import Route
from server.web.services import SERVICES, Services


def table(pages: Pages) -> tuple[Route, ...]:
    return (
        Route("POST", "/api/session", May.ANYBODY, session.sign_in, is_for_browsers=True),
        Route("GET", "/api/session", May.OWN_SESSION, session.show),
        Route("DELETE", "/api/session", May.OWN_SESSION, session.sign_out),
        Route("GET", "/api/cameras", May.SEE_CAMERAS, cameras.index),
        Route("GET", "/api/cameras/nearest", May.SEE_CAMERAS, cameras.near),
        Route("GET", "/api/cameras/health", May.SEE_CAMERA_HEALTH, camera_health.index),
        Route("GET", "/api/cameras/uptime", May.SEE_CAMERA_HEALTH, uptime.show),
        Route("POST", "/api/cameras/checks", May.CHECK_CAMERAS, picture_checks.check_all),
        Route("GET", "/api/cameras/{id}/checks", May.SEE_CAMERA_HEALTH, picture_checks.index),
        Route("POST", "/api/cameras/{id}/check", May.CHECK_CAMERAS, picture_checks.check),
        Route("GET", "/api/cameras/{id}/reference", May.SEE_CAMERA_HEALTH, picture_checks.show_reference),
        Route("PUT", "/api/cameras/{id}/reference", May.CHECK_CAMERAS, picture_checks.set_reference),
        Route("GET", "/api/cameras/{id}/still", May.SEE_CAMERAS, still.show),
        Route("GET", "/api/cameras/{id}/past", May.SEE_PAST, past.show),
        Route("GET", "/api/people", May.SEE_PEOPLE, people.index),
        Route("GET", "/api/alerts", May.SEE_ALERTS, alerts.index),
        Route("POST", "/api/alerts", May.RAISE_ALERTS, alerts.create),
        Route("GET", "/api/alerts/{id}", May.SEE_ALERTS, alerts.show),
        Route("POST", "/api/alerts/{id}/commands", May.WORK_ALERTS, alerts.command),
        Route("GET", "/api/pushes", May.SEE_PUSHES, pushes.index),
        Route("POST", "/api/pushes", May.SEND_PUSHES, pushes.create),
        Route("GET", "/api/pushes/{id}", May.SEND_PUSHES, pushes.show),
        Route("POST", "/api/pushes/{id}/commands", May.SPEAK_FOR_OTHERS, pushes.command),
        Route("POST", "/api/pushes/{id}/recall", May.SEND_PUSHES, pushes.recall),
        Route("GET", "/api/bulletins", May.SEE_BULLETINS, bulletins.index),
        Route("POST", "/api/bulletins", May.SEND_BULLETINS, bulletins.create),
        Route("GET", "/api/bulletins/{id}", May.SEE_BULLETINS, bulletins.show),
        Route("POST", "/api/bulletins/{id}/commands", May.SEND_BULLETINS, bulletins.command),
        Route("POST", "/api/media", May.SEND_PUSHES, media.create),
        Route("GET", "/api/media/{id}", May.SEE_MEDIA, media.show),
        Route("GET", "/api/media/{id}/thumbnail", May.SEE_MEDIA, media.show_thumbnail),
        Route("GET", "/api/clips", May.SEE_CLIPS, clips.index),
        Route("POST", "/api/clips", May.MAKE_CLIPS, clips.create),
        Route("GET", "/api/clips/key", May.SEE_CLIPS, clips.key),
        Route("GET", "/api/clips/{id}", May.SEE_CLIPS, clips.show),
        Route("GET", "/api/clips/{id}/video", May.SEE_CLIPS, clips.video),
        Route("GET", "/api/clips/{id}/manifest", May.SEE_CLIPS, clips.show_manifest),
        Route("POST", "/api/clips/{id}/hold", May.MAKE_CLIPS, clips.hold),
        Route("DELETE", "/api/clips/{id}/hold", May.RELEASE_CLIPS, clips.release),
        Route("POST", "/api/recipients", May.SEND_PUSHES, recipients.count),
        Route("GET", "/api/policies", May.SEE_POLICIES, policies.index),
        Route("PUT", "/api/policies/{name}", May.CHANGE_POLICIES, policies.change),
        Route("POST", "/api/receipts", May.GIVE_RECEIPTS, receipts.create),
        Route("GET", "/api/subscriptions/key", May.RING_OWN_DEVICES, subscriptions.key),
        Route("POST", "/api/subscriptions", May.RING_OWN_DEVICES, subscriptions.create),
        Route("DELETE", "/api/subscriptions", May.RING_OWN_DEVICES, subscriptions.remove),
        Route("GET", "/api/city", May.SEE_CITY, city.show),
        Route("GET", "/api/audit", May.READ_AUDIT, audit.index),
        # Sources show who they are by signature or secret path, not by a session.
        Route("POST", "/intake/alerts", May.ANYBODY, intake.signed_json),
        Route("POST", "/intake/gunshot", May.ANYBODY, intake.signed_xml),
        Route("POST", "/intake/gunshot/{secret}", May.ANYBODY, intake.secret_path_xml),
        Route("POST", "/intake/heartbeat", May.ANYBODY, heartbeat.create),
        Route("GET", "/ws/events", May.FOLLOW_EVENTS, events_socket.events, is_socket=True),
        Route("GET", "/ws/video", May.SEE_CAMERAS, video_socket.video, is_socket=True),
        Route("GET", "/healthz", May.ANYBODY, health.show),
        # A monitoring system shows a token of its own.
        Route("GET", "/metrics", May.ANYBODY, metrics.show),
        Route("GET", "/", May.ANYBODY, pages.home),
        *(Route("GET", page, May.ANYBODY, pages.page) for page in PAGES),
        *(Route("GET", f"{page}/", May.ANYBODY, pages.without_slash) for page in PAGES),
        Route("GET", "/sw.js", May.ANYBODY, pages.worker),
        Route("GET", "/assets/{name:[A-Za-z0-9_.-]+}", May.ANYBODY, pages.asset),
    )


def application(services: Services, routes: Iterable[Route], origins: frozenset[str]) -> web.Application:
    """The HTTP application: the table behind the gate.

    Args:
        origins: those of our own pages.

    Raises:
        ValueError: a route has no permission.
    """
    gate = Gate(origins, https=services.web.tls_certificate is not None)
    app = web.Application(middlewares=[web.middleware(gate)], client_max_size=MAX_BYTES)
    app[SERVICES] = services
    for route in routes:
        if route.permission is None:
            raise ValueError(f"{route.method} {route.path} has no permission: say who may, in server/web/routes.py")
        methods = ("GET", "HEAD") if route.method == "GET" and not route.is_socket else (route.method,)
        for method in methods:
            gate.routes[app.router.add_route(method, route.path, route.handler)] = route
    return app
