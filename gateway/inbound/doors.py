"""The routing table, which reads as the API: every HTTP door, who may come in, and what it does."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.domain.policy import ROLES
from gateway.inbound import (
    capability,
    discovery,
    log_doors,
    messages,
    openapi,
    operations,
    outcome,
    terminology,
    validation,
)
from gateway.inbound.console import (
    entering,
    exporting,
    frame,
    insight,
    login,
    look,
    overrides,
    plan,
    quarantine,
    search,
    status,
    suspicion,
    why,
)
from gateway.inbound.console.frame import inside
from gateway.inbound.door import Answer, Bearer, Door, Open
from gateway.inbound.issuer import pages as issuer
from gateway.inbound.rest import bundles, explaining, exports, history, reading, searching, subscribing, writing
from gateway.inbound.rest.kinds import BY_ID, CHANGED, CLINICAL, CREATED, SEARCHED, SINGLE, VERSIONED, WITHIN

_PLAN = tuple(f"{kind}.r" for kind in CLINICAL)  # the joint plan shows parts of all these types
_SEND = ("Bundle.c",)
_ANY_TOKEN = ("CodeSystem.r",)  # which every token holds: nothing of a citizen is looked at


def _terminology() -> Iterator[Door]:
    """The operations on codes, by URL and by Parameters; the resource of a definition may be asked itself."""
    operations: tuple[tuple[str, str, Answer, bool], ...] = (
        ("CodeSystem", "$lookup", terminology.lookup, False),
        ("CodeSystem", "$validate-code", terminology.validate_in_system, True),
        ("CodeSystem", "$subsumes", terminology.subsumes, True),
        ("ValueSet", "$validate-code", terminology.validate_in_set, True),
        ("ConceptMap", "$translate", terminology.translate, True),
    )
    for kind, name, answer, itself in operations:
        for path in (f"/fhir/{kind}/{name}", *([f"/fhir/{kind}/{{id:id}}/{name}"] if itself else [])):
            for method in ("GET", "POST"):
                yield Bearer(method, path, answer, (f"{kind}.r",), name)


# The most used come first: routes are tried in this order.
DOORS: tuple[Door, ...] = (
    Bearer("GET", "/fhir/{kind:kind}/{id:id}", reading.read_one, ("r",), "read", SINGLE),
    Bearer("GET", "/fhir/Patient/{id:id}/$joint-plan", reading.joint, _PLAN, "$joint-plan"),
    Bearer("POST", "/fhir/Patient/{id:id}/$joint-plan", reading.joint, _PLAN, "$joint-plan"),
    Bearer("GET", "/fhir/{kind:kind}", searching.search_by_url, ("s",), "search-type", SEARCHED),
    Bearer("POST", "/fhir/{kind:kind}/_search", searching.search_by_form, ("s",), "search-type", SEARCHED),
    Bearer("GET", "/fhir/Patient/{id:id}/{kind:kind}", searching.within, ("s",), "search-type", WITHIN),
    Bearer("POST", "/fhir/Patient/{id:id}/{kind:kind}/_search", searching.within_form, ("s",), "search-type", WITHIN),
    # The others are told of as far as the token may search their types (flows/search).
    Bearer("GET", "/fhir/Patient/{id:id}/*", searching.within, ("Patient.s",), "search-system"),
    Bearer("POST", "/fhir/Patient/{id:id}/*/_search", searching.within_form, ("Patient.s",), "search-system"),
    Bearer("GET", "/fhir/{kind:kind}/{id:id}/_history/{version}", reading.read_version, ("r",), "vread", VERSIONED),
    Bearer("GET", "/fhir/{kind:kind}/{id:id}/_history", history.history_of_one, ("r",), "history-instance", VERSIONED),
    Bearer("GET", "/fhir/{kind:kind}/_history", history.history_of_type, ("s",), "history-type", VERSIONED),
    *(
        Bearer(method, f"/fhir/{kind}/{{id:id}}/$everything", history.everything, (f"{kind}.r",), "$everything")
        for kind in ("Patient", "CarePlan")
        for method in ("GET", "POST")
    ),
    *(
        Bearer(method, f"/fhir/{path}$export", exports.kick_off, ("Patient.s",), "$export")
        for path in ("Patient/", "")
        for method in ("GET", "POST")
    ),
    # Whose a job is, and what its files hold for whoever fetches them, is decided there (flows/bulk).
    Bearer("GET", "/bulk/{id:id}", exports.status, (), "export-status"),
    Bearer("DELETE", "/bulk/{id:id}", exports.cancel, (), "export-cancel"),
    Bearer("GET", "/bulk/{id:id}/{file:id}", exports.take, (), "export-file"),
    Bearer("POST", "/fhir/{kind:kind}", writing.create, ("c",), "create", CREATED),
    Bearer("PUT", "/fhir/{kind:kind}/{id:id}", writing.update, ("u",), "update", BY_ID),
    Bearer("PATCH", "/fhir/{kind:kind}/{id:id}", writing.patch, ("u",), "patch", BY_ID),
    Bearer("DELETE", "/fhir/{kind:kind}/{id:id}", writing.delete, ("d",), "delete", BY_ID),
    Bearer("PUT", "/fhir/{kind:kind}", writing.update_where, ("s", "c", "u"), "update-conditional", CHANGED),
    Bearer("PATCH", "/fhir/{kind:kind}", writing.patch_where, ("s", "u"), "patch-conditional", CHANGED),
    Bearer("DELETE", "/fhir/{kind:kind}", writing.delete_where, ("s", "d"), "delete-conditional", CHANGED),
    Bearer("POST", "/fhir", bundles.bundle, (), "transaction"),
    Bearer("GET", "/fhir/Subscription/{id:id}/$status", subscribing.status, ("Subscription.r",), "$status"),
    Bearer("POST", "/fhir/Subscription/{id:id}/$status", subscribing.status, ("Subscription.r",), "$status"),
    *_terminology(),
    Bearer("POST", "/fhir/{kind:kind}/$validate", validation.validate_resource, _ANY_TOKEN, "$validate"),
    Bearer("POST", "/fhir/{kind:kind}/{id:id}/$validate", validation.validate_resource, _ANY_TOKEN, "$validate"),
    Bearer("POST", "/fhir/$validate", validation.validate_resource, _ANY_TOKEN, "$validate"),
    Bearer(
        "POST", "/fhir/$explain-access", explaining.explain_access, ("AuditEvent.r",), "$explain-access", whole=True
    ),
    Bearer("POST", "/fhir/$process-message", messages.fhir, _SEND, "$process-message", hears="fhir-message"),
    Bearer("POST", "/messages/hl7v2", messages.hl7v2, _SEND, "import", language="hl7v2"),
    Bearer("POST", "/messages/oioxml", messages.oioxml, _SEND, "import", language="oioxml"),
    Bearer("POST", "/messages/edifact", messages.edifact, _SEND, "import", language="edifact"),
    Bearer("POST", "/cases/kl", messages.kl, _SEND, "import", hears="kl-report"),
    Bearer("POST", "/messages/sf2900", messages.sf2900, _SEND, "import", language="sf2900"),
    Bearer("POST", "/cases/oio", messages.oio, _SEND, "import", language="oio"),
    Bearer("POST", "/cases/oio-json", messages.oio_json, _SEND, "import", language="oio-json"),
    Bearer("PUT", "/cases/oio-json/{id:id}", messages.oio_json_one, _SEND, "import", language="oio-json"),
    Bearer("PATCH", "/cases/oio-json/{id:id}", messages.oio_json_one, _SEND, "import", language="oio-json"),
    Bearer("DELETE", "/cases/oio-json/{id:id}", messages.oio_json_gone, _SEND, "import", language="oio-json"),
    Bearer("POST", "/cases/ydelse", messages.ydelse, _SEND, "import", language="ydelse"),
    Open("GET", "/fhir/metadata", capability.metadata, interaction="capabilities"),
    Open("GET", "/openapi.json", openapi.document),
    Open("POST", "/oauth/token", discovery.token, outcome.oauth),
    Open("POST", "/oauth/revoke", discovery.revoke, outcome.oauth),
    Open("POST", "/oauth/introspect", discovery.introspect, outcome.oauth),
    Open("GET", "/oauth/authorize", issuer.authorize, frame.tell),
    Open("POST", "/oauth/authorize", issuer.log_in, frame.tell),
    Open("GET", "/.well-known/openid-configuration", issuer.configuration),
    Open("GET", "/.well-known/smart-configuration", discovery.smart_configuration),
    Open("GET", "/fhir/.well-known/smart-configuration", discovery.smart_configuration),
    Open("GET", "/.well-known/jwks.json", discovery.jwks),
    Bearer("POST", "/console/tickets", entering.ticket, _ANY_TOKEN, "operation"),
    Open("GET", "/console", entering.front, frame.tell),
    Open("GET", "/console/login", entering.login_form, frame.tell),
    Open("POST", "/console/login", entering.login, frame.tell),
    Open("GET", "/console/signin", login.start, frame.tell),
    Open("GET", "/console/callback", login.callback, frame.tell),
    Open("GET", "/console/jwks.json", login.jwks),
    Open("POST", "/console/logout", entering.logout, frame.tell),
    Open("POST", "/console/language", frame.switch_language, frame.tell),
    Open("GET", "/console/plan/{id:id}", inside(plan.show, *ROLES), frame.tell),
    Open("GET", "/console/search", inside(search.form, "auditor"), frame.tell),
    Open("POST", "/console/search", inside(search.start, "auditor"), frame.tell),
    Open("GET", "/console/search/{id:id}", inside(search.results, "auditor"), frame.tell),
    Open("POST", "/console/search/{id:id}/save", inside(search.keep, "auditor"), frame.tell),
    Open("POST", "/console/saved", inside(search.run_saved, "auditor"), frame.tell),
    Open("POST", "/console/search/{id:id}/export", inside(exporting.start, "auditor"), frame.tell),
    Open("GET", "/console/search/{id:id}/list", inside(exporting.whole_list, "auditor"), frame.tell),
    Open("GET", "/console/why", inside(why.form, "auditor"), frame.tell),
    Open("POST", "/console/why", inside(why.ask, "auditor"), frame.tell),
    Open("GET", "/console/why/{id:id}", inside(why.answer, "auditor"), frame.tell),
    Open("GET", "/console/insight", inside(insight.front, "citizen", "auditor"), frame.tell),
    Open("POST", "/console/insight", inside(insight.ask, "auditor"), frame.tell),
    Open("GET", "/console/insight/{id:id}", inside(insight.show, "citizen", "auditor"), frame.tell),
    Open("GET", "/console/insight/{id:id}/{file}", inside(insight.take, "citizen", "auditor"), frame.tell),
    Open("GET", "/console/overrides", inside(overrides.show, *overrides.REVIEWERS), frame.tell),
    Open("GET", "/console/overrides/{id:id}", inside(overrides.one, *overrides.REVIEWERS), frame.tell),
    Open("POST", "/console/overrides/{id:id}", inside(overrides.act, *overrides.REVIEWERS), frame.tell),
    Open("GET", "/console/suspicion", inside(suspicion.show, "auditor"), frame.tell),
    Open("POST", "/console/suspicion", inside(suspicion.look_now, "auditor"), frame.tell),
    Open("GET", "/console/suspicion/{id:id}", inside(suspicion.one, "auditor"), frame.tell),
    Open("POST", "/console/suspicion/{id:id}", inside(suspicion.end, "auditor"), frame.tell),
    Open("GET", "/console/exports", inside(exporting.show, "auditor"), frame.tell),
    Open("GET", "/console/exports/{id:id}/{file}", inside(exporting.take, "auditor"), frame.tell),
    Open("GET", "/console/look/{id:id}", inside(look.show, "auditor"), frame.tell),
    Open("GET", "/console/status", inside(status.show, "auditor", "operator"), frame.tell),
    Open("GET", "/console/quarantine", inside(quarantine.show, "operator"), frame.tell),
    Open("POST", "/console/quarantine", inside(quarantine.act, "operator"), frame.tell),
    Open("GET", "/console/console.css", frame.stylesheet, frame.tell),
    Open("GET", "/log/checkpoint", log_doors.checkpoint, outcome.plain),
    Open("GET", "/log/keys", log_doors.keys, outcome.plain),
    Open("GET", "/log/checkpoint/cosigned", log_doors.cosigned, outcome.plain),
    Open("GET", "/log/checkpoint/on/{day}", log_doors.checkpoint_on, outcome.plain),
    Open("GET", "/log/tile/{level}/{rest:path}", log_doors.tile, outcome.plain),
    Open("GET", "/log/inclusion", log_doors.inclusion, outcome.plain),
    Open("GET", "/log/consistency", log_doors.consistency, outcome.plain),
    Bearer("GET", "/log/lists/{id:id}", log_doors.citizen_list, ("AuditEvent.r",), "export", whole=True),
    Open("POST", "/log/witness", log_doors.add_checkpoint, outcome.plain),
    Open("POST", "/log/witness/add-checkpoint", log_doors.add_checkpoint, outcome.plain),
    Open("GET", "/log/witness", log_doors.witnessed, outcome.plain),
    Open("GET", "/health/live", operations.live, outcome.plain),
    Open("GET", "/health/ready", operations.ready, outcome.plain),
    Open("GET", "/metrics", operations.metrics, outcome.plain),
)
