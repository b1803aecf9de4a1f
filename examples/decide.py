#!/usr/bin/env python3
"""Asks Redial what to do, through the shared library alone (redial/json.h).

    python3 decide.py policies/claude-code.yaml 529 529 ECONNRESET 200

Instead of a network it has the outcomes of its arguments. LIBREDIAL is the library's path, if it is not installed.
"""
import ctypes
import json
import os
import sys

lib = ctypes.CDLL(os.environ.get("LIBREDIAL", "libredial.so.0"))
pointer, text, ns = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64
for name, result, *arguments in [
    ("redial_diags_new", pointer),
    ("redial_diags_text", text, pointer, ctypes.c_bool),
    ("redial_diags_destroy", None, pointer),
    ("redial_policy_load", pointer, text, pointer, pointer),
    ("redial_policy_release", None, pointer),
    ("redial_engine_new", pointer, pointer),
    ("redial_engine_destroy", None, pointer),
    ("redial_json_new", pointer, pointer, text, ns),
    ("redial_json_why", text, pointer),
    ("redial_json_step", text, pointer, text, ns),
    ("redial_json_told", text, pointer),
    ("redial_json_destroy", None, pointer),
]:
    getattr(lib, name).restype, getattr(lib, name).argtypes = result, arguments


def load(path):
    """An engine, or the program's end with all that is wrong with the file."""
    diags = lib.redial_diags_new()
    policy = lib.redial_policy_load(path.encode(), None, diags)
    if not policy:
        sys.exit(lib.redial_diags_text(diags, False).decode())
    lib.redial_diags_destroy(diags)
    engine = lib.redial_engine_new(policy)
    lib.redial_policy_release(policy)
    return engine


def attempt(outcomes):
    """Where a program sends its request: what came of it, as an event."""
    if not outcomes:
        return {"event": "cancel"}
    outcome = outcomes.pop(0)
    if not outcome.isdigit():
        return {"event": "broken", "cause": outcome, "phase": "wait"}
    errors = {"529": "overloaded_error", "429": "rate_limit_error"}
    return {"event": "reply", "status": int(outcome), "error": errors.get(outcome, "")}


def run(call, outcomes, now=0):
    event = {"event": "start"}
    while True:
        decision = json.loads(lib.redial_json_step(call, json.dumps(event).encode(), now))
        print(lib.redial_json_told(call).decode(), end="")
        if decision["decision"] == "send":
            event = attempt(outcomes)
            now += 40_000_000  # what an attempt takes
        elif decision["decision"] == "wait":
            now += decision["delay_ns"]  # a real program sleeps
            event = {"event": "timer"}
        elif decision["decision"] == "repair":
            event = {"event": "repair_failed", "message": "this example cannot"}
        else:
            return decision.get("reason", decision.get("why"))


engine = load(sys.argv[1])
call = lib.redial_json_new(engine, b'{"model": "claude-opus-4-6", "max_tokens": 1024, "seed": 7}', 0)
if lib.redial_json_why(call):
    sys.exit(lib.redial_json_why(call).decode())
reason = run(call, sys.argv[2:])
lib.redial_json_destroy(call)
lib.redial_engine_destroy(engine)
sys.exit(0 if reason == "success" else 1)
