#!/usr/bin/env python3
"""Fills `expected` of golden cases from the reference (airbyte-cdk 7.39.1 in a venv outside the project).

usage: PYTHON_OF_THE_VENV record.py cases/NAME.json…

A case is written by hand: `manifest`, `config`, `answers` ("METHOD /path?query" -> answer or list of answers, the last one
stays; "METHOD /path?*" stands for any query; an answer is {status, headers, body | text | base64}), and `runs` ({"state": {stream: state}} each, "state": "previous"
for that of the run before). Time stands at `now`; a wait moves it. What the reference then says is put beside it.
"""
import base64, collections, contextlib, importlib, io, json, logging, os, re, sys, tempfile, threading, time
os.environ["TZ"] = "UTC"
import requests, time_machine
from datetime import datetime, timezone
from urllib.parse import unquote, urlsplit
from urllib3 import HTTPResponse
os.environ["AIRBYTE_STAGING_DIRECTORY"] = tempfile.mkdtemp()
from airbyte_cdk.models import (AirbyteMessageSerializer, AirbyteStateMessageSerializer, AirbyteMessage, Type as MType,
    ConfiguredAirbyteCatalogSerializer, ConnectorSpecificationSerializer)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

NOW = "2024-03-02T10:20:30+00:00"
LOG = logging.getLogger("airbyte")
logging.disable(logging.CRITICAL)
lock = threading.Lock()

JWT = re.compile(r"(eyJ[\w-]+)\.([\w-]+)\.[\w-]+")

def steady(text):
    def without_chance(m):
        head = m.group(1); algorithm = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["alg"]
        return f"{head}.{m.group(2)}.*" if algorithm[:2] in ("ES", "PS") else m.group(0)
    return JWT.sub(without_chance, text)

class Standstill(contextlib.nullcontext):
    """In the place of a clock that can be moved."""
    def __enter__(self): return self
    def move_to(self, now): pass

class Connector:
    """The package `source_golden` with the files of a case."""
    def __init__(self, case):
        self.folder = tempfile.mkdtemp(); package = os.path.join(self.folder, "source_golden"); os.mkdir(package)
        open(os.path.join(package, "__init__.py"), "w").close()
        for name, content in case.get("files", {}).items():
            os.makedirs(os.path.dirname(os.path.join(package, name)), exist_ok=True)
            with open(os.path.join(package, name), "w") as f: json.dump(content, f)
    def __enter__(self):
        sys.path.insert(0, self.folder); importlib.invalidate_caches()
        for name in [n for n in sys.modules if n.startswith("source_golden")]: del sys.modules[name]
    def __exit__(self, *_): sys.path.remove(self.folder)

class Api:
    def __init__(self, answers, headers=()):
        self.answers, self.headers, self.count, self.asked = answers, headers, collections.Counter(), []
    def send(self, adapter, request, **kw):
        u = urlsplit(request.url)
        path = unquote(u.path + ("?" + u.query if u.query else ""))
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        key = f"{request.method} {path}"
        with lock:
            shown = "".join(f" <{name}: {request.headers[name]}>" for name in self.headers if name in request.headers)
            self.asked.append(steady(key + shown + (f" {body}" if body else "")))
            given = self.answers.get(f"{key} {body}", self.answers.get(key, self.answers.get(f"{request.method} {unquote(u.path)}?*")))
            if given is None: answer = {"status": 404, "body": {"error": f"nothing at {key}"}}
            elif isinstance(given, list):
                answer = given[min(self.count[key], len(given) - 1)]; self.count[key] += 1
            else: answer = given
        if "base64" in answer: data = base64.b64decode(answer["base64"])
        elif "text" in answer: data = answer["text"].encode()
        else: data = json.dumps(answer.get("body")).encode()
        headers = {"Content-Type": "application/json", **answer.get("headers", {})}
        raw = HTTPResponse(body=io.BytesIO(data), headers=headers, status=answer.get("status", 200), preload_content=False, request_url=request.url)
        return adapter.build_response(request, raw)

def make(case, config, catalog=None, state=None):
    return ConcurrentDeclarativeSource(catalog, config, state, source_config=json.loads(json.dumps(case["manifest"])))

def guarded(work):
    try: return work()
    except Exception as e: return {"error": f"{type(e).__name__}: {e}"[:400]}

def read(case, catalog, states):
    configured = ConfiguredAirbyteCatalogSerializer.load({"streams": [{"stream": s, "sync_mode": "incremental" if "incremental" in s["supported_sync_modes"] else "full_refresh", "destination_sync_mode": "append"} for s in catalog]})
    state = [AirbyteStateMessageSerializer.load({"type": "STREAM", "stream": {"stream_descriptor": {"name": n}, "stream_state": s}}) for n, s in (states or {}).items()]
    out = {"records": {}, "states": {}, "statuses": {}}
    source = make(case, case.get("config", {}), configured, state)
    try:
        for message in source.read(LOG, case.get("config", {}), configured, state):
            m = AirbyteMessageSerializer.dump(message)
            if m["type"] == "RECORD":
                entry = m["record"]["data"]
                file = m["record"].get("file_reference")
                if file: entry = {**entry, "__file": {k: file[k] for k in ("source_file_relative_path", "file_size_bytes")}}
                out["records"].setdefault(m["record"]["stream"], []).append(entry)
            elif m["type"] == "STATE":
                s = m["state"]["stream"]; out["states"][s["stream_descriptor"]["name"]] = s["stream_state"]
            elif m["type"] == "TRACE" and m["trace"]["type"] == "STREAM_STATUS":
                s = m["trace"]["stream_status"]; out["statuses"].setdefault(s["stream_descriptor"]["name"], []).append(s["status"])
    except Exception as e: out["failed"] = f"{type(e).__name__}: {getattr(e, 'message', None) or e}"[:300]
    return out

def record(path):
    case = json.load(open(path)); config = case.get("config", {})
    send = requests.adapters.HTTPAdapter.send
    def fresh():
        api = Api(case.get("answers", {}), case.get("headers", ())); requests.adapters.HTTPAdapter.send = lambda self, r, **kw: api.send(self, r, **kw); return api
    now = datetime.fromisoformat(case.get("now", NOW))
    sleep = time.sleep
    is_real = case.get("clock") == "real"
    with Standstill() if is_real else time_machine.travel(now, tick=False) as clock:
        def wait(seconds):
            if seconds >= 1:  # shorter ones are between threads, not of the manifest
                clock.shift(seconds)
            sleep(0.001)
        if not is_real: time.sleep = wait
        expected = {}
        fresh(); expected["spec"] = guarded(lambda: ConnectorSpecificationSerializer.dump(make(case, {}).spec(LOG))) if "spec" in case["manifest"] else None
        api = fresh(); clock.move_to(now); status = guarded(lambda: json.loads(json.dumps({"status": make(case, config).check(LOG, config).status.value})))
        expected["check"] = {**status, "asked": sorted(api.asked)}
        api = fresh(); clock.move_to(now); catalog = guarded(lambda: AirbyteMessageSerializer.dump(AirbyteMessage(type=MType.CATALOG, catalog=make(case, config).discover(LOG, config)))["catalog"])
        expected["catalog"] = catalog if "error" in catalog else catalog["streams"]
        expected["discover_asked"] = sorted(api.asked)
        expected["runs"] = []; previous = {}
        for run in case.get("runs", [{}]) if "error" not in catalog else []:
            states = previous if run.get("state") == "previous" else run.get("state")
            api = fresh(); clock.move_to(now)
            streams = [s for s in catalog["streams"] if not run.get("streams") or s["name"] in run["streams"]]
            out = read(case, streams, states); previous = out["states"]
            expected["runs"].append({**out, "asked": sorted(api.asked)})
        time.sleep = sleep
    requests.adapters.HTTPAdapter.send = send
    case["expected"] = {k: v for k, v in expected.items() if v is not None}
    with open(path, "w") as f: json.dump(case, f, indent=1, ensure_ascii=False); f.write("\n")
    print(path, {"check": status, "streams": [s["name"] for s in catalog.get("streams", [])] or catalog, "runs": [{n: len(r) for n, r in run["records"].items()} | ({"failed": run["failed"]} if "failed" in run else {}) for run in expected["runs"]]})

for p in sys.argv[1:]:
    with Connector(json.load(open(p))): record(p)
