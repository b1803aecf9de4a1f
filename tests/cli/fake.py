#!/usr/bin/env python3
"""Talks to `redial fake` as clients do, well-behaved ones and others.   fake.py BUILD [TRIES]

Each function whose name begins with a claim's verb is a test of that claim; TRIES (500) is how often a reset and a cut are
tried. Sockets are plain ones: what goes over the wire stands here byte by byte."""
import contextlib, datetime, errno, http.client, json, os, re, resource, signal, socket, ssl, struct, subprocess, sys, tempfile, threading, time, zlib, gzip

BUILD = os.path.realpath(sys.argv[1] if len(sys.argv) > 1 else "build")
TRIES = int(sys.argv[2]) if len(sys.argv) > 2 else 500
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROMPT = {"model": "claude-opus-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": "hello there"}]}
WORLD = """scenario: 1
name: A world for a test
policy: %s/policies/claude-code.yaml
call: {model: claude-opus-4-6, stream: %s}
world:
%s"""


class Fake:
    """A server of its own for a test; ends with it."""

    def __init__(self, *args, world=None, stream=False, descriptors=None):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "world.yaml")
        if world:
            self.write(world, stream)
            args = (self.path,) + args
        self.err = open(os.path.join(self.folder.name, "err"), "w+")
        self.process = subprocess.Popen([BUILD + "/redial", "fake", "--env", "json", *(() if "--for" in args else ("--for", "120s")), *args],
                                        stdout=subprocess.PIPE, stderr=self.err,
                                        env={"PATH": os.environ["PATH"], "TMPDIR": self.folder.name}, cwd=ROOT,
                                        preexec_fn=descriptors and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, [descriptors] * 2)))
        out = self.process.stdout.read()
        self.env = json.loads(out) if out else {}

    def write(self, world, stream=False):
        with open(self.path, "w") as file:
            file.write(WORLD % (ROOT, "true" if stream else "false", world))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None and self.env:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self.env["REDIAL_FAKE_PID"]), signal.SIGTERM)
        self.status = self.process.wait(20)
        self.said = self.read_err()
        assert "Sanitizer" not in self.said and "runtime error" not in self.said, self.said
        self.left = [name for name in os.listdir(self.folder.name) if name.startswith("redial-fake-")]
        self.err.close()
        self.process.stdout.close()
        self.folder.cleanup()

    def read_err(self):
        with open(self.err.name) as file:
            return file.read()

    def ask(self, method, url, body=None, headers=None, timeout=10):
        """(status, headers, body); the connection is new."""
        scheme, rest = url.split("://")
        host, _, path = rest.partition("/")
        context = ssl.create_default_context(cafile=self.env.get("NODE_EXTRA_CA_CERTS")) if scheme == "https" else None
        connection = (http.client.HTTPSConnection(host, timeout=timeout, context=context) if context
                      else http.client.HTTPConnection(host, timeout=timeout))
        try:
            data = body if isinstance(body, (bytes, str, type(None))) else json.dumps(body)
            connection.request(method, "/" + path, data, headers or {})
            reply = connection.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def message(self, body=None, headers=None, path="/v1/messages", **more):
        head = {"x-api-key": self.env["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01",
                "content-type": "application/json", **(headers or {})}
        return self.ask("POST", self.env["ANTHROPIC_BASE_URL"] + path, {**PROMPT, **(body or {})}, head, **more)

    def journal(self, query=""):
        return json.loads(self.ask("GET", self.env["REDIAL_FAKE_URL"] + "/_redial/journal" + query)[2])

    def port(self, name="ANTHROPIC_BASE_URL"):
        return int(re.search(r":(\d+)", self.env[name])[1])

    def raw(self, data=b"", name="ANTHROPIC_BASE_URL"):
        sock = socket.create_connection(("127.0.0.1", self.port(name)), timeout=10)
        sock.sendall(data)
        return sock

    def request_bytes(self, body=None, more=""):
        data = json.dumps({**PROMPT, **(body or {})}).encode()
        return (f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: {self.env['ANTHROPIC_API_KEY']}\r\n"
                f"anthropic-version: 2023-06-01\r\n{more}content-length: {len(data)}\r\n\r\n").encode() + data

    def resident_mb(self):
        with open(f"/proc/{self.env['REDIAL_FAKE_PID']}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024


def same(got, expected, what=""):
    if got != expected:
        raise AssertionError(f"{what}\n  exp: {expected!r}\n  got: {got!r}")


def wait_for(what, holds, seconds=10):
    end = time.time() + seconds
    while not holds():
        if time.time() > end:
            raise AssertionError("waited in vain for: " + what)
        time.sleep(0.02)


def read_all(sock):
    data = b""
    with contextlib.suppress(ConnectionError):
        while piece := sock.recv(65536):
            data += piece
    return data


# ---- Answers

def answers_look_like_the_platforms_own():
    with Fake() as fake:
        status, headers, body = fake.message()
        first, second = json.loads(body), json.loads(fake.message()[2])
        same((status, first["type"], first["stop_reason"], first["usage"]["input_tokens"]), (200, "message", "end_turn", 2))
        assert re.fullmatch(r"msg_01\w{22}", first["id"]) and re.fullmatch(r"req_01\w{22}", headers["request-id"])
        assert first["id"] != second["id"], "every message has an id of its own"
        same({**first, "id": 0}, {**second, "id": 0})
        status, headers, body = fake.message({"stream": True})
        events = re.findall(r"event: (\w+)\n", body.decode())
        same(events[:3] + events[-3:], ["message_start", "content_block_start", "ping", "content_block_stop", "message_delta",
                                        "message_stop"])
        same(headers["content-type"], "text/event-stream; charset=utf-8")
        tool = {"name": "weather", "input_schema": {"type": "object", "required": ["city"], "properties":
                                                    {"city": {"type": "string"}}}}
        said = json.loads(fake.message({"tools": [tool], "tool_choice": {"type": "any"}})[2])
        same((said["stop_reason"], said["content"][0]["name"], said["content"][0]["input"]),
             ("tool_use", "weather", {"city": "simulated"}))
        same(json.loads(fake.message({"tools": [tool]})[2])["stop_reason"], "end_turn", "nothing asks for the tool")
        same(json.loads(fake.message({"max_tokens": 3})[2])["stop_reason"], "max_tokens")
        same(json.loads(fake.message(path="/v1/messages/count_tokens")[2]), {"input_tokens": 2})
        same(fake.ask("HEAD", fake.env["ANTHROPIC_BASE_URL"] + "/api/hello")[0], 200)


def compresses_for_who_accepts_it():
    accept = {"accept-encoding": "deflate, gzip;q=0.5, br"}
    world = ("  anthropic:\n    - {status: 529, message: \"%s\"}\n    - {status: 200, malformed: json}\n"
             "    - {status: 200, forever: true}\n" % ("overloaded " * 30))
    with Fake("--pace", "10ms", world=world) as fake:
        for part in ("overloaded ", None, '"stop_reason":"end_turn"', '"stop_reason":"end_turn"', '"stop_reason":"end_turn"'):
            status, headers, body = fake.message(headers=accept)
            same((headers.get("content-encoding"), headers.get("vary")), ("gzip", "accept-encoding") if part else (None, None))
            assert not part or part in gzip.decompress(body).decode(), body
        ids = [json.loads(gzip.decompress(fake.message(headers=accept)[2]))["id"] for _ in range(3)]
        same(len(set(ids)), 3, "each has an id of its own")
        for refused in ({}, {"accept-encoding": "gzip;q=0, br"}, {"accept-encoding": "identity"}):
            same("content-encoding" in fake.message(headers=refused)[1], False, refused)
        same("content-encoding" in fake.message(headers=accept, path="/v1/messages/count_tokens")[1], False, "too short to gain")
        sock = fake.raw(fake.request_bytes({"stream": True}, "accept-encoding: gzip\r\n"))
        data, pieces, decoder = b"", 0, zlib.decompressobj(31)
        while b"\r\n0\r\n\r\n" not in data:
            data += sock.recv(65536)
        sock.close()
        head, _, chunks = data.partition(b"\r\n\r\n")
        text, seen = b"", []
        while not chunks.startswith(b"0\r\n"):
            size, _, chunks = chunks.partition(b"\r\n")
            text += decoder.decompress(chunks[:int(size, 16)])
            seen.append(text.count(b"event: "))
            chunks = chunks[int(size, 16) + 2:]
        assert b"content-encoding: gzip" in head.lower() and decoder.eof and text.endswith(b"\n\n"), head
        same(seen[-1], text.count(b"event: "), "every chunk ends with whole events")
        assert len(set(seen)) >= 9, ("events arrive as they happen", seen)
        same(fake.journal()[-1]["end"], "answered")
    with Fake("--quiet", world="  anthropic:\n    - {status: 200, close: {after_events: 3}}\n", stream=True) as fake:
        data = read_all(fake.raw(fake.request_bytes({"stream": True}, "accept-encoding: gzip\r\n")))
        head, _, chunks = data.partition(b"\r\n\r\n")
        text = b""
        decoder = zlib.decompressobj(31)
        while chunks:
            size, _, chunks = chunks.partition(b"\r\n")
            text += decoder.decompress(chunks[:int(size, 16)])
            chunks = chunks[int(size, 16) + 2:]
        same((text.count(b"event: "), decoder.eof), (3, False), "what was cut ends where it was cut")


def compresses_for_usual_clients():
    world = "  anthropic:\n    - {status: 200, forever: true}\n"
    with Fake("--quiet", world=world) as fake:
        run = subprocess.run(["curl", "-s", "--compressed", "-D", "-", fake.env["ANTHROPIC_BASE_URL"] + "/v1/messages", "-H",
                              "x-api-key: " + fake.env["ANTHROPIC_API_KEY"], "-H", "anthropic-version: 2023-06-01", "-d",
                              json.dumps(PROMPT)], capture_output=True, text=True, timeout=20)
        assert "content-encoding: gzip" in run.stdout.lower() and '"stop_reason":"end_turn"' in run.stdout, run
        for stream in ("--stream", "--no-stream"):
            environment = {**{name: value for name, value in os.environ.items() if name == "PATH"},
                           **{name: value for name, value in fake.env.items() if value is not None}}
            run = subprocess.run([BUILD + "/redial", "call", stream, ROOT + "/policies/claude-code.yaml", "hello"],
                                 capture_output=True, text=True, timeout=20, env=environment)
            same((run.returncode, run.stdout.strip()), (0, "The line is clear again and all well."), run.stderr)
        same([entry["end"] for entry in fake.journal()], ["answered"] * 3)


def serves_bedrock_in_its_own_frames():
    with Fake("--credentials", "bearer") as fake:
        url = fake.env["ANTHROPIC_BEDROCK_BASE_URL"] + "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/"
        head = {"authorization": "Bearer " + fake.env["AWS_BEARER_TOKEN_BEDROCK"]}
        body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": PROMPT["messages"]}
        status, headers, data = fake.ask("POST", url + "invoke", body, head)
        same((status, json.loads(data)["model"], headers["x-amzn-bedrock-input-token-count"]),
             (200, "us.anthropic.claude-haiku-4-5-20251001-v1:0", "2"))
        status, headers, data = fake.ask("POST", url + "invoke-with-response-stream", body, head)
        same((status, headers["content-type"]), (200, "application/vnd.amazon.eventstream"))
        frames = 0
        while data:
            total, = struct.unpack(">I", data[:4])
            same(struct.unpack(">I", data[8:12])[0], zlib.crc32(data[:8]))
            same(struct.unpack(">I", data[total - 4:total])[0], zlib.crc32(data[:total - 4]))
            data, frames = data[total:], frames + 1
        assert frames >= 10, frames
        status, headers, data = fake.ask("POST", url + "invoke", {**body, "anthropic_version": "2026-10-21"}, head)
        same((status, headers["x-amzn-errortype"]), (400, "ValidationException"), "an older model and the new version")
        assert "extraneous key [stream]" in fake.ask("POST", url + "invoke", {**body, "stream": True}, head)[2].decode()
        for flags, status in ((["context-1m-2025-08-07"], 200), (["context-1m-2025-08-07", "files-api-2025-04-14"], 400)):
            got = fake.ask("POST", url + "invoke", {**body, "anthropic_beta": flags}, {**head, "anthropic-beta": "files-api-2025-04-14"})
            same((got[0], got[1].get("x-amzn-errortype")), (status, "ValidationException" if status == 400 else None), flags)
        same(json.loads(got[2])["message"], "invalid beta flag")
        same(fake.ask("POST", fake.env["ANTHROPIC_BEDROCK_MANTLE_BASE_URL"] + "/v1/messages", PROMPT,
                      {**head, "anthropic-version": "2026-10-21"})[0], 200, "Mantle")


def serves_vertex_with_a_token_of_its_metadata_server():
    with Fake("--one-port") as fake:
        status, headers, data = fake.ask("GET", "http://" + fake.env["GCE_METADATA_HOST"] +
                                         "/computeMetadata/v1/instance/service-accounts/default/token", None,
                                         {"Metadata-Flavor": "Google"})
        same((status, headers["metadata-flavor"]), (200, "Google"))
        url = (fake.env["ANTHROPIC_VERTEX_BASE_URL"] + "/projects/p/locations/us-east5/publishers/anthropic/models/"
               "claude-haiku-4-5@20251001:rawPredict")
        body = {"anthropic_version": "vertex-2023-10-16", "max_tokens": 50, "messages": PROMPT["messages"]}
        status, _, reply = fake.ask("POST", url, body, {"authorization": "Bearer " + json.loads(data)["access_token"]})
        assert status == 200 and json.loads(reply)["id"].startswith("msg_vrtx_"), reply
        same(fake.ask("POST", url, body)[0], 401, "without a token")
        same([entry["server"] for entry in fake.journal()], ["google-metadata", "vertex", "vertex"])


def makes_batches():
    with Fake() as fake:
        requests = [{"custom_id": "good", "params": PROMPT}, {"custom_id": "bad", "params": {"model": "m"}}]
        status, _, data = fake.message({"requests": requests}, path="/v1/messages/batches")
        batch = json.loads(data)
        same((status, batch["processing_status"], batch["request_counts"]["processing"]), (200, "in_progress", 2))
        url, head = fake.env["ANTHROPIC_BASE_URL"] + "/v1/messages/batches", {"x-api-key": fake.env["ANTHROPIC_API_KEY"],
                                                                              "anthropic-version": "2023-06-01"}
        wait_for("the batch", lambda: json.loads(fake.ask("GET", f"{url}/{batch['id']}", None, head)[2])["ended_at"])
        lines = fake.ask("GET", f"{url}/{batch['id']}/results", None, head)[2].decode().splitlines()
        same([json.loads(line)["result"]["type"] for line in lines], ["succeeded", "errored"])
        same(json.loads(fake.ask("GET", url, None, head)[2])["data"][0]["id"], batch["id"])
        same(fake.ask("DELETE", f"{url}/{batch['id']}", None, head)[0], 200)
        same(fake.ask("GET", f"{url}/{batch['id']}", None, head)[0], 404)


def refuses_as_the_platform_does():
    rows = [  # change of the body, headers, status, words
        ({"messages": []}, {}, 400, "at least one message is required"),
        ({"max_tokens": None}, {}, 400, "max_tokens"),
        ({"temperature": 0.5}, {"anthropic-version": "2026-10-21"}, 400, "temperature: not supported"),
        ({"temperature": 0.5}, {}, 200, "message"),
        ({"temperature": 7}, {}, 400, "range: 0..1"),
        ({}, {"anthropic-version": ""}, 400, "header"),
        ({}, {"anthropic-version": "1999-01-01"}, 400, "not a valid version"),
        ({}, {"x-api-key": "sk-ant-wrong"}, 401, "invalid x-api-key"),
        ({"speed": "fast"}, {}, 400, "speed: Extra inputs"),
        ({"speed": "fast"}, {"anthropic-beta": "fast-mode-2026-02-01"}, 200, '"speed":"fast"'),
        ({"messages": [{"role": "robot", "content": "x"}]}, {}, 400, "messages.0.role"),
        ({"tools": [{}]}, {}, 400, "tools.0.name"),
    ]
    with Fake() as fake:
        for body, headers, status, words in rows:
            got = fake.message(body, headers)
            assert (got[0], words in got[2].decode()) == (status, True), (body, headers, got)
        same(fake.message(path="/v1/nothing")[0], 404)
        same(fake.ask("DELETE", fake.env["ANTHROPIC_BASE_URL"] + "/v1/messages")[0], 405)
        same([entry["end"] for entry in fake.journal("?limit=4")], ["refused", "refused", "refused", "answered"])


# ---- Sessions, journal, script

OVERLOADED_ONCE = "  anthropic:\n    - {status: 529}\n    - {status: 200, forever: true}\n"


def keeps_tests_apart_by_header_and_by_key():
    with Fake(world=OVERLOADED_ONCE) as fake:
        key = fake.env["ANTHROPIC_API_KEY"]
        for headers in ({}, {"x-redial-session": "a"}, {"x-api-key": key + "~b"}, {"x-redial-session": "a"}, {}):
            fake.message(headers=headers)
        same([(entry.get("session", ""), entry["status"]) for entry in fake.journal()],
             [("", 529), ("a", 529), ("b", 529), ("a", 200), ("", 200)])
        same([entry["number"] for entry in fake.journal("?session=a")], [2, 4])
        same([entry["number"] for entry in fake.journal("?server=anthropic&operation=messages&after=3")], [4, 5])
        same({entry["status"] for entry in fake.journal("?status=529")}, {529})
        status, _, said = fake.ask("GET", fake.env["REDIAL_FAKE_URL"] + "/_redial/journal?stauts=529")
        assert status == 400 and b"'stauts'" in said and b"status" in said, said
        same(fake.ask("POST", fake.env["REDIAL_FAKE_URL"] + "/_redial/reset")[0], 200)
        same((fake.journal(), fake.message()[0]), ([], 529), "after a reset the script begins anew")


def counts_calls_and_attempts():
    with Fake(world=OVERLOADED_ONCE) as fake:
        for retries in ("0", "1", "0"):
            fake.message(headers={"x-stainless-retry-count": retries})
        fake.message({"messages": [{"role": "user", "content": "another"}]})
        same([entry["conversation"] for entry in fake.journal()], [1, 1, 2, 3])
        same([entry.get("retry_count") for entry in fake.journal()], [0, 1, 0, None])
        same(len({entry["body_hash"] for entry in fake.journal()}), 2)


def reloads_the_scenario_and_keeps_it_when_the_new_one_is_wrong():
    with Fake(world=OVERLOADED_ONCE) as fake:
        fake.message()
        fake.write("  anthropic:\n    - {statos: 500}\n")
        wait_for("the error", lambda: "the old one stays" in fake.read_err())
        assert re.search(r"world\.yaml:7:8: error: unknown key 'statos'", fake.read_err()), fake.read_err()
        same(fake.message()[0], 200, "the old script goes on")
        fake.write("  anthropic:\n    - {status: 500, forever: true}\n")
        wait_for("the new script", lambda: "it begins anew" in fake.read_err())
        same(fake.message()[0], 500)
        url = fake.env["REDIAL_FAKE_URL"] + "/_redial/scenario"
        status, _, said = fake.ask("PUT", url, "scenario: 1\nname: x\n")
        assert status == 422 and b"error:" in said, said
        same(fake.message()[0], 500)
        same(fake.ask("PUT", url, WORLD % (ROOT, "false", "  anthropic:\n    - {status: 503}\n"))[0], 200)
        same(fake.message()[0], 503)
        same(fake.message()[0], 503, "the last reply goes on")


def follows_a_true_token_bucket():
    with Fake(world="  anthropic: {rate_limit: {requests: 2/min}, replies: [{status: 200, forever: true}]}\n") as fake:
        left = [fake.message()[1].get("anthropic-ratelimit-requests-remaining") for _ in range(2)]
        same(left, ["1", "0"])
        status, headers, _ = fake.message()
        assert status == 429 and 25 <= int(headers["retry-after"]) <= 30, headers


def tells_limits_with_every_answer():
    kinds = [f"anthropic-ratelimit-{kind}-{what}" for kind in ("requests", "input-tokens", "output-tokens")
             for what in ("limit", "remaining", "reset")]
    with Fake() as fake:
        for body in ({}, {}, {"stream": True}):
            headers = fake.message(body)[1]
            same([kind for kind in kinds if kind not in headers], [], body)
        same(headers["anthropic-ratelimit-requests-limit"], "10000000")
        assert 9999000 < int(headers["anthropic-ratelimit-requests-remaining"]) < 10000000, headers
        reset = datetime.datetime.fromisoformat(headers["anthropic-ratelimit-output-tokens-reset"].replace("Z", "+00:00"))
        assert 0 <= reset.timestamp() - time.time() + 1 <= 3, (reset, time.time())
        assert not any(name.startswith("anthropic-ratelimit") for name in fake.message({"max_tokens": 0})[1]), "what is refused used none"
    world = "  anthropic: {rate_limit: {requests: 2/min}, replies: [{status: 200, forever: true}]}\n"
    with Fake("--speed", "10", world=world) as fake:
        for expected in (3, 6, 6):
            status, headers, _ = fake.message()
            reset = datetime.datetime.fromisoformat(headers["anthropic-ratelimit-requests-reset"].replace("Z", "+00:00"))
            assert expected - 3 <= reset.timestamp() - time.time() <= 7.2, ("a minute's limit is full within 6 s", reset, time.time())
        same((status, "retry-after-ms" in headers), (429, True))


def hurries_delays_and_hints():
    with Fake("--speed", "100", world="  anthropic:\n    - {status: 529, after: 10s, retry_after: 30s}\n") as fake:
        began = time.time()
        headers = fake.message()[1]
        assert 0.09 < time.time() - began < 5, time.time() - began
        same((headers["retry-after"], headers["retry-after-ms"]), ("1", "300"))


def tells_no_secret():
    with Fake(world=OVERLOADED_ONCE) as fake:
        secret = fake.env["ANTHROPIC_API_KEY"]
        fake.message(headers={"cookie": "id=" + secret, "x-note": "my key is " + secret})
        fake.message(headers={"x-api-key": "sk-ant-api03-somebody-elses-key-0123456789"})
        fake.ask("GET", fake.env["ANTHROPIC_BASE_URL"] + "/v1/models?key=" + secret)
        text = json.dumps(fake.journal()) + fake.read_err()
        assert secret not in text and "somebody-elses" not in text, text


# ---- Faults on the wire

def resets_and_cuts_reach_the_client_every_time():
    world = ("  anthropic:\n    - {status: 200, match: {header: {x-want: reset}}, reset: {after_events: 3}, forever: true}\n"
             "    - {status: 200, match: {header: {x-want: cut}}, close: {after_events: 3}, forever: true}\n")
    with Fake("--quiet", world=world, stream=True) as fake:
        for number in range(TRIES):
            kind = "reset" if number % 2 else "cut"
            sock = fake.raw(fake.request_bytes({"stream": True}, f"x-want: {kind}\r\n"))
            data, seen = b"", "cut"
            try:
                while piece := sock.recv(65536):
                    data += piece
            except ConnectionResetError:
                seen = "reset"
            sock.close()
            assert seen == kind, (number, kind, seen)
            assert data.count(b"event: ") == 3 and b"0\r\n\r\n" not in data, (number, kind, data)


def plays_each_fault():
    world = """  anthropic:
    - {close: request}
    - {reset: request}
    - {reset: connect}
    - {garbage: "no http"}
    - {hang: 200ms}
    - {status: 200, close: headers}
    - {status: 200, malformed: json}
    - {status: 200, stall: {after_bytes: 10, for: 100ms}}
    - {status: 200}
"""
    with Fake(world=world) as fake:
        seen = []
        for _ in range(9):
            sock = socket.socket()
            try:
                sock = fake.raw(fake.request_bytes(more="connection: close\r\n"))
                data = b""
                while piece := sock.recv(65536):
                    data += piece
                seen.append(data.split(b"\r\n\r\n")[0][:12].decode() + (" +body" if b"\r\n\r\n{" in data else ""))
            except ConnectionResetError:
                seen.append("reset")
            sock.close()
        same(seen, ["", "reset", "reset", "no http", "", "HTTP/1.1 200", "HTTP/1.1 200 +body", "HTTP/1.1 200 +body",
                    "HTTP/1.1 200 +body"])
        wait_for("the last end", lambda: fake.journal()[-1]["end"] == "answered")
        same([entry.get("fault", "-") for entry in fake.journal()],
             ["close", "reset", "reset", "garbage", "hang", "close", "malformed", "stall", "-"])


def how_it_fails(what):
    """The name of the error; else what came."""
    try:
        return what()
    except ssl.SSLCertVerificationError:
        return "no trust"
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)


def strikes_before_a_request_is_read():
    world = """  anthropic:
    - {reset: connect, repeat: 2}
    - {dns: fail}
    - {broken_pipe: request}
    - {status: 200}
    - {at: 400ms, refuse: connect, forever: true}
    - {at: 900ms, status: 200, forever: true}
"""
    began = time.time()
    with Fake(world=world) as fake:
        for _ in range(3):
            same(how_it_fails(lambda: fake.raw().recv(1)), "ECONNRESET", "without a byte from its client")

        def send_on():
            with fake.raw(fake.request_bytes(more="x-big: 1\r\n").replace(b"content-length: ", b"content-length: 9")) as sock:
                for _ in range(1000):
                    sock.sendall(b" " * 65536)
            return "all of it was taken"
        assert how_it_fails(send_on) in ("EPIPE", "ECONNRESET"), "nobody reads on"
        kept = http.client.HTTPConnection("127.0.0.1", fake.port(), timeout=5)
        head = {"x-api-key": fake.env["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"}
        kept.request("POST", "/v1/messages", json.dumps(PROMPT), head)
        same(kept.getresponse().read()[:1], b"{")
        same([(entry.get("fault", "-"), entry["end"], entry.get("operation")) for entry in fake.journal()],
             [("reset", "fault", None), ("reset", "fault", None), ("dns", "fault", None), ("broken_pipe", "fault", "messages"),
              ("-", "answered", "messages")])
        wait_for("the door to be shut", lambda: how_it_fails(lambda: fake.raw().close()) == "ECONNREFUSED", 3)
        assert time.time() - began >= 0.4, "not before its time"
        kept.request("POST", "/v1/messages", json.dumps(PROMPT), head)
        same(how_it_fails(kept.getresponse), "ECONNRESET", "over a kept connection it is read, and then reset")
        wait_for("the door to open", lambda: how_it_fails(lambda: fake.message()[0]) == 200, 3)
        assert time.time() - began >= 0.9
    with Fake(world="  anthropic:\n    - {reset: connect}\n    - {status: 200, forever: true}\n") as fake:
        fake.ask("GET", fake.env["ANTHROPIC_BEDROCK_BASE_URL"] + "/", headers={"x-redial-session": "a"})
        with fake.raw() as sock:
            sock.settimeout(0.2)
            same(how_it_fails(lambda: sock.recv(1)), "TimeoutError", "since a test has named itself, it may be anybody's")
        same(how_it_fails(fake.message), "ECONNRESET")
    with Fake("--one-port", world="  anthropic:\n    - {reset: connect}\n    - {status: 200}\n") as fake:
        with fake.raw() as sock:
            sock.settimeout(0.2)
            same(how_it_fails(lambda: sock.recv(1)), "TimeoutError", "on one port nobody knows yet whose it is")
        same(how_it_fails(fake.message), "ECONNRESET")
        same(fake.message()[0], 200)
    matched = "  anthropic:\n    - {reset: connect, match: {header: {x-want: reset}}}\n    - {status: 200, forever: true}\n"
    with Fake(world=matched) as fake:
        same(fake.message()[0], 200, "a reply for some requests waits for theirs")
        same(how_it_fails(lambda: fake.message(headers={"x-want": "reset"})), "ECONNRESET")


def strikes_within_a_handshake():
    world = "  anthropic:\n    - {tls: bad_certificate}\n    - {reset: tls}\n    - {reset: connect}\n    - {status: 200, forever: true}\n"
    with Fake("--tls", world=world) as fake:
        same([how_it_fails(lambda: fake.message()[0]) for _ in range(4)], ["no trust", "ECONNRESET", "ECONNRESET", 200])
        same([entry.get("fault", "-") for entry in fake.journal()], ["tls", "reset", "reset", "-"])
    with Fake(world=world) as fake:
        same([how_it_fails(lambda: fake.message()[0]) for _ in range(4)], ["ECONNRESET"] * 3 + [200], "no handshake without TLS")


def notices_a_client_that_leaves():
    with Fake(world="  anthropic:\n    - {hang: forever}\n") as fake:
        sock = fake.raw(fake.request_bytes())
        wait_for("the request", lambda: len(fake.journal()) == 1)
        sock.close()
        wait_for("its leaving", lambda: fake.journal()[0]["end"] == "left")


# ---- Bad input

def survives_what_is_no_request():
    with Fake("--quiet") as fake:
        good = fake.request_bytes()
        key = fake.env["ANTHROPIC_API_KEY"]
        head = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\nanthropic-version: 2023-06-01\r\n"
        ends = lambda: [entry["end"] for entry in fake.journal()]
        with fake.raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is no HTTP\r\n\r\n") as sock:
            read_all(sock)
        wait_for("no HTTP", lambda: ends() == ["unreadable"])
        fake.raw(good[:60]).close()
        wait_for("half a head", lambda: ends() == ["unreadable"] * 2)
        fake.raw(good[:-10]).close()
        wait_for("half a body", lambda: ends() == ["unreadable"] * 3)
        with fake.raw() as sock, contextlib.suppress(ConnectionError):
            sock.sendall(head.encode() + b"x-big: " + b"a" * (1 << 20))
            assert b" 431 " in read_all(sock)
        wait_for("a megabyte of head", lambda: ends()[3:] == ["unreadable"])
        fake.ask("POST", fake.env["REDIAL_FAKE_URL"] + "/_redial/reset")
        for more, coding in (("content-length: 5\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"),
                             ("content-length: 5\r\ncontent-length: 60\r\n", b"aaaaaGET /smuggled HTTP/1.1\r\n\r\n")):
            with fake.raw((head + more + "\r\n").encode() + coding) as sock:
                said = read_all(sock)
                assert said.startswith(b"HTTP/1.1 400") and said.count(b"HTTP/1.1") == 1, said
        assert all("smuggled" not in entry.get("path", "") and entry["end"] in ("refused", "unreadable")
                   for entry in fake.journal()), fake.journal()
        fake.ask("POST", fake.env["REDIAL_FAKE_URL"] + "/_redial/reset")
        with fake.raw(good + b"more than was announced\r\n\r\n") as sock:
            said = read_all(sock)
            assert said.count(b"HTTP/1.1 200") == 1 and said.count(b"HTTP/1.1 400") == 1, said
        same(ends(), ["answered", "unreadable"])
        with fake.raw(good * 20) as sock:
            data = b""
            while data.count(b"HTTP/1.1 200") < 20:
                data += sock.recv(65536)
        same((ends().count("answered"), fake.message()[0]), (21, 200), "pipelined")


def limits_connections_and_stays_up():
    with Fake("--quiet") as fake:
        socks, before = [], fake.resident_mb()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        wanted = min(10000, hard - 100)
        refused = 0
        try:
            for _ in range(wanted):
                sock = socket.socket()
                sock.settimeout(5)
                sock.connect(("127.0.0.1", fake.port()))
                socks.append(sock)
            time.sleep(0.5)
            for sock in socks[4096:]:
                with contextlib.suppress(ConnectionError):
                    refused += sock.recv(1) == b""
            same(fake.ask("GET", fake.env["REDIAL_FAKE_URL"] + "/_redial/health")[0], 200, "another port answers")
            assert fake.resident_mb() - before < 100, (before, fake.resident_mb())
        finally:
            for sock in socks:
                sock.close()
        assert wanted < 5000 or refused > 0, "further connections are closed"
        wait_for("room", lambda: attempt(lambda: fake.message()[0] == 200))
        assert any("as many connections" in entry.get("why", "") for entry in fake.journal()), "and the journal says so"


def limits_nothing_else_when_descriptors_are_out():
    with Fake("--quiet", descriptors=48) as fake:
        def ticks():
            with open(f"/proc/{fake.env['REDIAL_FAKE_PID']}/stat") as file:
                return sum(int(number) for number in file.read().split()[13:15])
        socks = [fake.raw() for _ in range(60)]
        wait_for("the last descriptor", lambda: len(os.listdir(f"/proc/{fake.env['REDIAL_FAKE_PID']}/fd")) == 48)
        before = ticks()
        time.sleep(0.5)
        assert ticks() - before < 25, "it does not spin"
        for sock in socks:
            sock.close()
        wait_for("room", lambda: attempt(lambda: fake.message()[0] == 200))


def attempt(what):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return what()


def keeps_little_for_a_client_that_never_reads():
    world = "  anthropic:\n    - {status: 200, stream: {tokens: 100000, pace: 0s}, forever: true}\n"
    with Fake("--quiet", world=world, stream=True) as fake:
        socks = [fake.raw(fake.request_bytes({"stream": True})) for _ in range(20)]
        wait_for("the requests", lambda: len(fake.journal()) == 20)
        time.sleep(0.3)
        once = fake.resident_mb()
        socks += [fake.raw(fake.request_bytes({"stream": True})) for _ in range(60)]
        wait_for("more requests", lambda: len(fake.journal()) == 80)
        time.sleep(0.3)
        assert fake.resident_mb() - once < 20, (once, fake.resident_mb())
        for sock in socks:
            sock.close()
        wait_for("their leaving", lambda: all(entry["end"] == "left" for entry in fake.journal()))


# ---- Recording

def records_what_a_platform_did_as_a_scenario():
    world = ("  anthropic:\n    - {status: 529, after: 30ms}\n    - {status: 429, retry_after: 1s}\n"
             "    - {status: 200, stream: {tokens: 4, pace: 20ms}}\n")
    with Fake("--quiet", world=world, stream=True) as platform, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "recorded.yaml")
        with Fake("--record", path, "--upstream", platform.env["ANTHROPIC_BASE_URL"]) as fake:
            key = platform.env["ANTHROPIC_API_KEY"]
            got = [fake.message({"stream": True}, {"x-api-key": key, "x-stainless-retry-count": str(n)}) for n in range(3)]
            same([status for status, _, _ in got], [529, 429, 200])
            same((got[1][1]["retry-after"], got[2][2].count(b"content_block_delta")), ("1", 8))
            same(fake.message({"max_tokens": 0}, {"x-api-key": key})[0], 400, "the platform's own word is passed on")
            same([entry["status"] for entry in fake.journal()], [529, 429, 200, 400])
        with open(path) as file:
            text = file.read()
        assert key not in text and "status: 529" in text, text
        run = subprocess.run([BUILD + "/redial", "check", path], capture_output=True, text=True, cwd=ROOT)
        assert run.returncode == 0 and "0 errors" in run.stdout, run.stdout + text
        again = Fake("--quiet", path)
        with again:
            same([again.message({"stream": True})[0] for _ in range(3)], [529, 429, 200], "the same replies in the same order")


def without_times(story):
    """What happened, line by line: neither when, nor how long a wait was by chance."""
    lines = []
    for line in story.splitlines():
        at, _, what = line.strip().partition(" ")
        if re.fullmatch(r"\d+m?s", at) and not re.match(r" *(note|output) ", what):
            lines.append(re.sub(r"[\d.]+ms|waited=\S+|\"[^\"]*\"|\+( jitter)?", "", what).split())
    return lines


def records_what_replays_as_the_same_story():
    world = ("  anthropic:\n    - {status: 529, after: 30ms}\n    - {status: 200, close: {after_events: 3}}\n"
             "    - {status: 200, stream: {tokens: 4, pace: 5ms}}\n")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "recorded.yaml")
        with Fake("--quiet", world=world, stream=True) as platform:
            with Fake("--record", path, "--upstream", platform.env["ANTHROPIC_BASE_URL"]) as fake:
                environment = {"PATH": os.environ["PATH"],
                               **{name: value for name, value in fake.env.items() if value is not None},
                               "ANTHROPIC_API_KEY": platform.env["ANTHROPIC_API_KEY"]}
                call = subprocess.run([BUILD + "/redial", "call", "-v", "--stream", "hello"], capture_output=True, text=True,
                                      timeout=60, env=environment, cwd=ROOT)
                same((call.returncode, call.stdout), (0, "word word word word \n"), call.stderr)
        for way in ((), ("--wire",)):
            replay = subprocess.run([BUILD + "/redial", "replay", "--story", *way, path], capture_output=True, text=True,
                                    timeout=60, cwd=ROOT)
            same(replay.returncode, 0, replay.stdout + replay.stderr)
            recorded, replayed = without_times(call.stderr), without_times(replay.stdout)
            same(len([line for line in recorded if line[0] == "send"]), 3, call.stderr)
            same(replayed, recorded, (way, call.stderr, replay.stdout))


# ---- What a reply means

def tells_what_a_reply_means_to_a_client():
    scripted = "  bedrock:\n" + "".join(f"    - {{status: 403, error_type: {name}}}\n" for name in (
        "ExpiredTokenException", "AccessDeniedException", "SomethingNew"))
    with Fake("--quiet", "--credentials", "keys") as fake, Fake("--quiet", "--credentials", "keys", world=scripted) as other:
        def ask(fake, **change):
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
            parts = {"id": fake.env["AWS_ACCESS_KEY_ID"], "service": "bedrock", "signature": "0" * 64, **change}
            head = {"x-amz-date": now, "authorization":
                    f"AWS4-HMAC-SHA256 Credential={parts['id']}/{now[:8]}/us-east-1/{parts['service']}/aws4_request, "
                    f"SignedHeaders=host;x-amz-date, Signature={parts['signature']}"}
            url = fake.env["ANTHROPIC_BEDROCK_BASE_URL"] + "/model/us.anthropic.claude-opus-4-6-v1/invoke"
            body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": PROMPT["messages"]}
            return fake.ask("POST", url, body, head)[1]["x-amzn-errortype"]
        same([ask(fake), ask(fake, id="AKIASOMEBODYELSE")], ["InvalidSignatureException", "UnrecognizedClientException"])
        fake.message(headers={"x-api-key": "nobody's"})
        fake.message({"max_tokens": 0})
        fake.ask("POST", fake.env["ANTHROPIC_BASE_URL"] + "/nowhere", PROMPT)
        same([entry.get("class") for entry in fake.journal()], ["auth", "auth", "auth", "invalid_request", "not_found"])
        same(ask(other), "InvalidSignatureException")
        same([entry.get("class") for entry in other.journal()], ["auth"], "by the scenario's own policy")
    with Fake("--quiet", "--credentials", "bearer", world=scripted) as fake:
        head = {"authorization": "Bearer " + fake.env["AWS_BEARER_TOKEN_BEDROCK"]}
        url = fake.env["ANTHROPIC_BEDROCK_BASE_URL"] + "/model/us.anthropic.claude-opus-4-6-v1/invoke"
        body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": PROMPT["messages"]}
        for _ in range(3):
            fake.ask("POST", url, body, head)
        same([entry.get("class") for entry in fake.journal()], ["auth", "forbidden", "forbidden"])


# ---- The way there

class Way:
    """Listens on loopback, and serves each connection on a thread of its own by `serve(socket)`."""

    def __init__(self, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.serve = serve
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.one, args=[self.listener.accept()[0]], daemon=True).start()

    def one(self, sock):
        with sock, contextlib.suppress(OSError):
            self.serve(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def carry(source, target, note=lambda data: None):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            note(data)
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def join(sock, port, note=lambda data: None):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as other:
        back = threading.Thread(target=carry, args=[other, sock], daemon=True)
        back.start()
        carry(sock, other, note)
        back.join(20)


class Proxy(Way):
    """Leads to `port` whoever asks for CONNECT, wherever to; or gives everybody the same `answer`. Keeps what it sees."""

    def __init__(self, port=0, answer=b"HTTP/1.1 200 Connection established\r\n\r\n"):
        super().__init__(self.lead)
        self.leads_to, self.answer, self.heads, self.carried = port, answer, [], b""

    def lead(self, sock):
        head = b""
        while b"\r\n\r\n" not in head:
            if not (piece := sock.recv(65536)):
                return
            head += piece
        self.heads.append(head.decode())
        sock.sendall(self.answer)
        if self.leads_to:
            join(sock, self.leads_to, self.note)

    def note(self, data):
        self.carried += data


class Host(Way):
    """api.example.invalid, which no resolver knows, and 0.0.0.0, which is not taken for this machine: TLS in front of a fake."""

    def __init__(self, fake):
        files = [os.path.join(fake.folder.name, name) for name in ("host.pem", "host.key")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=A host", "-addext",
                        "subjectAltName=DNS:api.example.invalid,IP:0.0.0.0", "-out", files[0], "-keyout", files[1]],
                       check=True, capture_output=True)
        self.certificate = files[0]
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*files)
        super().__init__(lambda sock: self.answer(sock, fake.port()))

    def answer(self, sock, port):
        with self.context.wrap_socket(sock, server_side=True) as tls:
            join(tls, port)


def call(fake, policy=ROOT + "/policies/claude-code.yaml", **environment):
    run = subprocess.run([BUILD + "/redial", "call", "-v", policy, "hello"], capture_output=True, text=True, timeout=60, cwd=ROOT,
                         env={"PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": fake.env["ANTHROPIC_API_KEY"], **environment})
    return run.returncode, run.stdout.strip(), [" ".join(line.split()[1:]) for line in run.stderr.splitlines()]


ANSWER = "The line is clear again and all well."


def goes_by_the_proxy_of_the_environment():
    with Fake("--quiet") as fake, Host(fake) as host:
        key = fake.env["ANTHROPIC_API_KEY"]
        for proxy_name, trust in zip(("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
                                     ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NODE_EXTRA_CA_CERTS")):
            with Proxy(host.port) as proxy:
                way = {proxy_name: f"http://me:canary-pw@127.0.0.1:{proxy.port}", trust: host.certificate}
                status, said, story = call(fake, ANTHROPIC_BASE_URL="https://api.example.invalid", **way)
                same((status, said), (0, ANSWER), (proxy_name, story))
                same([head.splitlines()[0] for head in proxy.heads], ["CONNECT api.example.invalid:443 HTTP/1.1"])
                assert "Proxy-Authorization: Basic bWU6Y2FuYXJ5LXB3" in proxy.heads[0], proxy.heads
                assert key not in proxy.heads[0] and len(proxy.carried) > 500 and key.encode() not in proxy.carried
                assert not any("canary-pw" in line for line in story), story
                url = f"https://0.0.0.0:{host.port}"
                same(call(fake, ANTHROPIC_BASE_URL=url, **way)[:2], (0, ANSWER))
                same([head.splitlines()[0] for head in proxy.heads[1:]], [f"CONNECT 0.0.0.0:{host.port} HTTP/1.1"])
                for name, hosts in (("no_proxy", "a.example,0.0.0.0"), ("NO_PROXY", "*")):
                    same(call(fake, ANTHROPIC_BASE_URL=url, **way, **{name: hosts})[:2], (0, ANSWER))
                same(call(fake, ANTHROPIC_BASE_URL=fake.env["ANTHROPIC_BASE_URL"], **way)[:2], (0, ANSWER))
                same(len(proxy.heads), 2, "no_proxy goes past it, and so does what is on this machine")
        same([entry["end"] for entry in fake.journal()], ["answered"] * 20)


def says_what_a_proxy_refuses():
    with Fake("--quiet") as fake:
        policy = os.path.join(fake.folder.name, "once.yaml")
        with open(policy, "w") as file:
            file.write(f"redial: 1\nname: once\nuses: [{ROOT}/policies/platforms.yaml]\nlimits: {{retries: 0, attempts: 1}}\n"
                       "backoff: {none: {base: 1ms}}\nrules: [{name: all, when: always, do: [fail]}]\n")
        unknown = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 5\r\n\r\nwho? "
        for answer, note, class_name in (
                (unknown, "the proxy answered 407 to CONNECT", "invalid_request"),
                (b"HTTP/1.1 403 Forbidden\r\n\r\n", "the proxy answered 403 to CONNECT", "invalid_request"),
                (b"HTTP/1.1 502 Bad Gateway\r\n\r\nno", "the proxy answered 502 to CONNECT", "connection_failed"),
                (b"nothing that HTTP knows\r\n\r\n", None, "connection_failed"),
                (b"", None, "connection_failed")):
            with Proxy(answer=answer) as proxy:
                status, said, story = call(fake, policy, ANTHROPIC_BASE_URL="https://api.example.invalid",
                                           HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}")
                same((status, said, len(proxy.heads)), (1, "", 1), story)
                assert f"broken PROXY phase=connect -> {class_name}" in story, story
                assert any(line.startswith("note ") and (note or "") in line for line in story[2:]), story
                assert fake.env["ANTHROPIC_API_KEY"] not in proxy.heads[0]
        port = proxy.port
        story = call(fake, policy, ANTHROPIC_BASE_URL="https://api.example.invalid", HTTPS_PROXY=f"http://127.0.0.1:{port}")[2]
        assert "broken ECONNREFUSED phase=connect -> connection_failed" in story, story
        same(fake.journal(), [])


def limits_the_time_to_connect():
    """On Linux a listener whose queue is full lets what comes next wait for an answer."""
    with Fake("--quiet") as fake, socket.socket() as full, socket.socket() as first, socket.socket() as second:
        policy = os.path.join(fake.folder.name, "short.yaml")
        with open(policy, "w") as file:
            file.write(f"redial: 1\nname: short\nuses: [{ROOT}/policies/platforms.yaml]\nlimits: {{retries: 1, attempts: 2}}\n"
                       "call: {attempt_timeout: 300ms}\nbackoff: {none: {base: 1ms}}\n"
                       "rules: [{name: all, when: always, do: [backoff, retry]}]\n")
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())
        second.setblocking(False)
        same(second.connect_ex(full.getsockname()), errno.EINPROGRESS)
        began = time.time()
        status, _, story = call(fake, policy, ANTHROPIC_BASE_URL=f"http://127.0.0.1:{full.getsockname()[1]}")
        same((status, story.count("broken ETIMEDOUT phase=connect -> timeout")), (1, 2), story)
        assert time.time() - began < 30, "libcurl's own limit is not the one"


# ---- Its life

def ends_as_it_is_told():
    with Fake("--requests", "2") as fake:
        fake.message(), fake.message()
        same(fake.process.wait(10), 0)
    assert "redial fake: 2 requests: 2 x 200" in fake.said, fake.said
    same(fake.left, [], "its folder is gone")
    with Fake("--for", "50ms") as fake:
        same(fake.process.wait(10), 0)
    for number in (signal.SIGTERM, signal.SIGINT):
        with Fake() as fake:
            os.kill(int(fake.env["REDIAL_FAKE_PID"]), number)
            same(fake.process.wait(10), 0)
        same(fake.left, [])


def says_when_a_port_is_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Fake("--port", str(port)) as fake:
            same(fake.process.wait(10), 2)
        same(fake.said, f"redial fake: 127.0.0.1 port {port}: the port is in use\n")
        same(fake.left, [])


def serves_tls_by_its_own_authority():
    with Fake("--tls") as fake:
        assert fake.env["ANTHROPIC_BASE_URL"].startswith("https://")
        same(fake.message()[0], 200)
        with contextlib.suppress(ssl.SSLError):
            http.client.HTTPSConnection("127.0.0.1", fake.port(), timeout=5).request("GET", "/")
            raise AssertionError("nobody else trusts it")


def main():
    tests = [value for name, value in globals().items() if callable(value) and getattr(value, "__module__", "") == "__main__"
             and re.match(r"(answers|compresses|goes|strikes|records|serves|makes|refuses|keeps|counts|reloads|follows|hurries|tells|resets|plays|notices|survives|"
                          r"limits|ends|says)_", name)]
    chosen = sys.argv[3:]
    failed = 0
    for test in tests:
        if chosen and test.__name__ not in chosen:
            continue
        try:
            test()
        except Exception as error:  # the next claim is looked at all the same
            failed += 1
            print(f"fake: {test.__name__.replace('_', ' ')}: FAILED\n{type(error).__name__}: {error}")
    print(f"fake: {len(tests)} claims, {failed} failed")
    sys.exit(failed > 0)


main()
