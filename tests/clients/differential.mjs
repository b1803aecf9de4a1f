// The official SDK against the preset that claims to do what it does (policies/presets/anthropic-sdk-typescript.yaml), over
// a grid of faults: as many attempts, each wait within what the preset says, on both API generations. The server is this
// script's own, so that the SDK is measured by nothing of Redial; the SDK's timers fire at once and are noted by their
// length, so that waits are compared exactly and an hour takes no time.   node differential.mjs REDIAL
import {AsyncLocalStorage} from 'node:async_hooks';
import {createServer} from 'node:http';
import {execFile} from 'node:child_process';
import {once} from 'node:events';
import {promisify} from 'node:util';
import SdkNow from '@anthropic-ai/sdk';
import SdkBefore from 'sdk-0x';

const redial = process.argv[2];
const preset = 'policies/presets/anthropic-sdk-typescript.yaml';
const generations = {'1.x': SdkNow, '0.x': SdkBefore};

// ---- Time: the SDK's sleeps within a measurement are noted, and over at once

const measured = new AsyncLocalStorage();
const laterForReal = globalThis.setTimeout;
globalThis.setTimeout = (wake, ms, ...rest) => {
    const notes = measured.getStore();
    // Timeouts and the timers of fetch are none of its waits.
    if (!notes || !new Error().stack.includes('/internal/utils/sleep.')) return laterForReal(wake, ms, ...rest);
    notes.waits.push(ms);
    return laterForReal(wake, 0, ...rest);
};
const soon = (act) => laterForReal(act, 20);

// ---- The grid

const statuses = [400, 401, 402, 403, 404, 408, 409, 413, 422, 424, 425, 429, 431, 499, 500, 501, 502, 503, 504, 520, 529];
const headerSets = {
    'no hint': {},
    'told to': {'x-should-retry': 'true'},
    'told not to': {'x-should-retry': 'false'},
    'in 20 ms': {'retry-after-ms': '20'},
    'in 0 s': {'retry-after': '0'},
    'garbage for a hint': {'retry-after': 'soon'},
    'told to, in 30 ms': {'x-should-retry': 'true', 'retry-after-ms': '30'},
    'in 2 s': {'retry-after': '2'},
    'in 1.5 s': {'retry-after': '1.5'},
    'in 0 ms, or 3 s': {'retry-after-ms': '0', 'retry-after': '3'},
    'in 40 ms, or 3 s': {'retry-after-ms': '40', 'retry-after': '3'},
    'in garbage, or 3 s': {'retry-after-ms': 'x', 'retry-after': '3'},
    'in the past': {'retry-after': '-5'},
    'on a day of the past': {'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT'},
    'in hours': {'retry-after': '8549'},
    'in 24 days': {'retry-after': '2147483'},
    'in 25 days': {'retry-after': '2160000'},
};
const types = {400: 'invalid_request_error', 401: 'authentication_error', 402: 'billing_error', 403: 'permission_error',
    404: 'not_found_error', 409: 'conflict_error', 413: 'request_too_large', 429: 'rate_limit_error', 500: 'api_error',
    504: 'timeout_error', 529: 'overloaded_error'};
const cases = [];
for (const status of statuses) {
    for (const [name, headers] of Object.entries(headerSets)) {
        const facts = [`status=${status}`, ...Object.entries(headers).map(([key, value]) =>
            key === 'x-should-retry' ? `should_retry=${value}` : `header.${key}=${value}`)];
        if (types[status]) facts.push(`error=${types[status]}`);
        cases.push({name: `${status}, ${name}`, facts, serve: (response) => answer(response, status, headers)});
    }
}

// Transport faults, and at what point of the attempt they come.
const fault = (name, facts, serve, options = {}) => cases.push({name, facts, serve, ...options});
fault('a reset before any reply', ['cause=ECONNRESET', 'phase=wait'], (r) => r.socket.resetAndDestroy());
fault('a close before any reply', ['cause=EMPTY_REPLY', 'phase=wait'], (r) => r.socket.destroy());
fault('a cut within the headers', ['cause=CUT', 'phase=headers'],
    (r) => r.socket.end('HTTP/1.1 200 OK\r\ncontent-type: applic'));
fault('a reset within the body', ['cause=ECONNRESET', 'phase=body'], (r) => half(r, () => r.socket.resetAndDestroy()));
fault('a cut within the body', ['cause=CUT', 'phase=body'], (r) => half(r, () => r.socket.end()));
fault('a reset within the stream', ['cause=ECONNRESET', 'phase=body', 'output_delivered=true'],
    (r) => begin(r, () => r.socket.resetAndDestroy()), {stream: true});
fault('a cut within the stream', ['cause=CUT', 'phase=body', 'output_delivered=true'], (r) => begin(r, () => r.socket.destroy()),
    {stream: true});
fault('an overload within the stream', ['stream_error=overloaded_error', 'output_delivered=true'], (r) => begin(r, () =>
    r.end('event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n')), {stream: true});
fault('no reply in time', ['cause=ETIMEDOUT', 'phase=wait'], () => {}, {timeout: 150});
fault('nobody listens', ['cause=ECONNREFUSED', 'phase=connect'], null);

function answer(response, status, headers) {
    const body = JSON.stringify({type: 'error', error: {type: types[status] ?? 'api_error', message: 'made to fail'}});
    response.writeHead(status, {'content-type': 'application/json', ...headers}).end(body);
}
function half(response, end) {
    response.writeHead(200, {'content-type': 'application/json', 'content-length': 100});
    response.write('{"type":"mess', () => soon(end));
}
function begin(response, end) {
    response.writeHead(200, {'content-type': 'text/event-stream'});
    const message = {id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null,
        usage: {input_tokens: 1, output_tokens: 1}};
    const events = [{type: 'message_start', message}, {type: 'content_block_start', index: 0, content_block: {type: 'text', text: ''}},
        {type: 'content_block_delta', index: 0, delta: {type: 'text_delta', text: 'Hi'}}];
    response.write(events.map((e) => `event: ${e.type}\ndata: ${JSON.stringify(e)}\n\n`).join(''), () => soon(end));
}

// ---- The SDK

const arrivals = new Map(); // of /CASE/GENERATION
const server = createServer({keepAliveTimeout: 60_000}, (request, response) => {
    const [, index, generation] = request.url.split('/');
    const key = `${index}/${generation}`;
    arrivals.set(key, arrivals.get(key) + 1);
    request.resume().on('end', () => cases[index].serve(response));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const closed = createServer().listen(0, '127.0.0.1');
await once(closed, 'listening');
const nobody = closed.address().port;
closed.close();

async function measure(index, generation) {
    const one = cases[index], key = `${index}/${generation}`;
    arrivals.set(key, 0);
    const port = one.serve ? server.address().port : nobody;
    const dialled = [];
    const client = new generations[generation]({apiKey: 'canary', authToken: null, baseURL: `http://127.0.0.1:${port}/${key}`,
        timeout: one.timeout ?? 20_000, logLevel: 'off',
        fetch: (url, init) => {
            dialled.push(new Headers(init.headers).get('x-stainless-retry-count'));
            return fetch(url, init);
        }});
    const notes = {waits: []};
    const ended = await measured.run(notes, async () => {
        try {
            const answer = await client.messages.create({model: 'claude-opus-4-6', max_tokens: 16,
                stream: one.stream ?? false, messages: [{role: 'user', content: 'hi'}]});
            if (one.stream) for await (const event of answer) void event;
            return 'an answer';
        } catch (error) {
            return error.constructor.name;
        }
    });
    return {dialled, waits: notes.waits, arrived: arrivals.get(key), ended};
}

// ---- The preset

const run = promisify(execFile);
const told = new Map();
async function explain(facts) {
    const key = facts.join(' ');
    if (!told.has(key)) told.set(key, run(redial, ['explain', '--json', preset, 'platform=anthropic', ...facts]).then(({stdout}) => JSON.parse(stdout)));
    return told.get(key);
}

// ---- Both

const failures = [];
function compare(one, generation, {dialled, waits, arrived, ended}, {follows}) {
    const complain = (what) => failures.push(`${one.name} (${generation}): ${what}`);
    if (dialled.length !== follows.length)
        complain(`the SDK makes ${dialled.length} attempts and ends in ${ended}, the preset makes ${follows.length}`);
    if (one.serve && arrived !== dialled.length) complain(`${dialled.length} were sent, ${arrived} arrived`);
    if (waits.length !== dialled.length - 1) complain(`${waits.length} waits between ${dialled.length} attempts`);
    dialled.forEach((count, i) => {
        if (Number(count) !== i) complain(`attempt ${i + 1} says it is retry ${count}`);
    });
    waits.slice(0, follows.length - 1).forEach((waited, i) => {
        const low = (follows[i].wait_low_ns ?? 0) / 1e6, high = (follows[i].wait_high_ns ?? 0) / 1e6;
        if (waited < low || waited > high) complain(`wait ${i + 1} is ${waited} ms, the preset says ${low} to ${high}`);
    });
}

const work = cases.flatMap((_, index) => Object.keys(generations).map((generation) => ({index, generation})));
for (let begin = 0; begin < work.length; begin += 80) {
    await Promise.all(work.slice(begin, begin + 80).map(async ({index, generation}) =>
        compare(cases[index], generation, await measure(index, generation), await explain(cases[index].facts))));
}
server.closeAllConnections();
server.close();
for (const failure of failures) console.log(`differential: ${failure}`);
console.log(`differential: ${work.length} faults met by SDK and preset, ${failures.length} differences`);
process.exit(failures.length > 0 ? 1 : 0);
