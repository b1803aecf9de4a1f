// Asks Redial what to do, through the shared library alone (redial/json.h).   npm install koffi
//
//     node decide.mjs policies/claude-code.yaml 529 529 ECONNRESET 200
//
// Instead of a network it has the outcomes of its arguments. LIBREDIAL is the library's path, if it is not installed.
import koffi from 'koffi';

const lib = koffi.load(process.env.LIBREDIAL ?? 'libredial.so.0');
const redial = Object.fromEntries(`
    void *redial_diags_new(void)
    const char *redial_diags_text(void *diags, bool colour)
    void redial_diags_destroy(void *diags)
    void *redial_policy_load(const char *path, void *environment, void *diags)
    void redial_policy_release(void *policy)
    void *redial_engine_new(void *policy)
    void redial_engine_destroy(void *engine)
    void *redial_json_new(void *engine, const char *options, int64_t now)
    const char *redial_json_why(void *call)
    const char *redial_json_step(void *call, const char *event, int64_t now)
    const char *redial_json_told(void *call)
    void redial_json_destroy(void *call)`
    .trim().split('\n').map(line => [line.match(/redial_(\w+)\(/)[1], lib.func(line.trim())]));

// An engine, or an error with all that is wrong with the file.
function load(path) {
    const diags = redial.diags_new();
    const policy = redial.policy_load(path, null, diags);
    if (!policy) throw new Error(redial.diags_text(diags, false));
    redial.diags_destroy(diags);
    const engine = redial.engine_new(policy);
    redial.policy_release(policy);
    return engine;
}

// Where a program sends its request: what came of it, as an event.
function attempt(outcomes) {
    if (outcomes.length === 0) return {event: 'cancel'};
    const outcome = outcomes.shift();
    if (!/^\d+$/.test(outcome)) return {event: 'broken', cause: outcome, phase: 'wait'};
    const errors = {529: 'overloaded_error', 429: 'rate_limit_error'};
    return {event: 'reply', status: Number(outcome), error: errors[outcome] ?? ''};
}

function run(call, outcomes, now = 0n) {
    let event = {event: 'start'};
    for (;;) {
        const decision = JSON.parse(redial.json_step(call, JSON.stringify(event), now));
        process.stdout.write(redial.json_told(call));
        switch (decision.decision) {
        case 'send':
            event = attempt(outcomes);
            now += 40_000_000n; // what an attempt takes
            break;
        case 'wait':
            now += BigInt(decision.delay_ns); // a real program sleeps
            event = {event: 'timer'};
            break;
        case 'repair':
            event = {event: 'repair_failed', message: 'this example cannot'};
            break;
        default:
            return decision.reason ?? decision.why;
        }
    }
}

const [path, ...outcomes] = process.argv.slice(2);
const engine = load(path);
const call = redial.json_new(engine, JSON.stringify({model: 'claude-opus-4-6', max_tokens: 1024, seed: 7}), 0n);
const why = redial.json_why(call);
if (why) throw new Error(why);
const reason = run(call, outcomes);
redial.json_destroy(call);
redial.engine_destroy(engine);
process.exitCode = reason === 'success' ? 0 : 1;
