// What the SDKs really do when a provider fails, on every platform and in both generations: the class of each error, how
// often they come again and after how long, what they make of broken connections and broken streams.
import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {fake} from './fake.mjs';
import {ask, clients} from './clients.mjs';

const platforms = ['anthropic', 'bedrock', 'vertex', 'foundry'];
const everywhere = (replies) => Object.fromEntries(platforms.map((platform) => [platform, replies]));

// Every client meets the same world at once, each in a session of its own; `check` is told what came of it.
async function meet(world, request, check, options = {}) {
    const served = await fake({world});
    // The streams of a script come to Bedrock in its own frames; Mantle, on the same platform, would have SSE.
    const some = Object.entries(clients).filter(([name]) => !request.stream || !name.startsWith('mantle'));
    try {
        await Promise.all(some.map(async ([name, client]) => {
            const session = name.replace(' ', '-');
            const sdk = client.make(served, {defaultHeaders: {'x-redial-session': session}, ...options});
            const met = {name, generation: name.slice(-3), events: []};
            try {
                met.answer = await sdk.messages.create(ask(client.model, request));
                if (request.stream) for await (const event of met.answer) met.events.push(event.type);
            } catch (error) {
                met.error = error;
            }
            met.attempts = await served.journal({session, server: client.platform});
            check(met);
        }));
    } finally {
        await served.stop();
    }
}
const gap = ({attempts: [first, second]}) => second.arrived_ms - first.replied_ms;
const counts = (met) => met.attempts.map(({retry_count: count}) => count);

// ---- The class of an error

const classes = { // in 1.x; 0.x has fewer
    400: 'BadRequestError', 401: 'AuthenticationError', 403: 'PermissionDeniedError', 404: 'NotFoundError', 409: 'ConflictError',
    413: ['ContentTooLargeError', 'APIError'], 429: 'RateLimitError', 500: 'InternalServerError',
    503: ['ServiceUnavailableError', 'InternalServerError'], 504: ['GatewayTimeoutError', 'InternalServerError'],
    529: ['OverloadedError', 'InternalServerError'],
};
const documented = { // what each platform answers at all; 401 last: what it refuses once, it refuses from then on
    anthropic: [400, 403, 404, 409, 413, 429, 500, 503, 504, 529, 401],
    bedrock: [400, 403, 404, 413, 429, 500, 503],
    vertex: [400, 403, 404, 429, 500, 503, 504, 529, 401],
    foundry: [400, 403, 404, 429, 500, 503, 529, 401],
};

describe('faults', {concurrency: 6}, () => {
    it('each status is an error of its class, with the platform\'s own words', async () => {
        const world = Object.fromEntries(Object.entries(documented).map(([platform, statuses]) =>
            [platform, statuses.map((status) => ({status}))]));
        const served = await fake({world});
        await Promise.all(Object.entries(clients).map(async ([name, client]) => {
            const sdk = client.make(served, {maxRetries: 0, defaultHeaders: {'x-redial-session': name.replace(' ', '-')}});
            for (const status of documented[client.platform]) {
                const error = await sdk.messages.create(ask(client.model)).catch((e) => e);
                const [now, before] = [classes[status]].flat();
                assert.equal(error.constructor.name, name.endsWith('1.x') ? now : before ?? now, `${name} ${status}: ${error}`);
                assert.equal(error.status, status);
                assert.ok(error.message.length > 4, `${name} ${status} says something`);
                if (client.platform === 'anthropic') assert.match(error.requestID, /^req_/);
            }
        })).finally(served.stop);
    });

    for (const status of [400, 403, 404]) {
        it(`a ${status} is not tried again`, () => meet(everywhere([{status, forever: true}]), {}, ({name, error, attempts}) => {
            assert.equal(error.status, status, name);
            assert.equal(attempts.length, 1, name);
        }));
    }

    for (const status of [429, 500, 503]) {
        it(`a ${status} is tried again twice, after half a second and a second, less up to a quarter`,
            () => meet(everywhere([{status, forever: true}]), {}, (met) => {
                assert.equal(met.error.status, status, met.name);
                assert.deepEqual(counts(met), [0, 1, 2], met.name);
                const waits = met.attempts.slice(1).map((attempt, i) => attempt.arrived_ms - met.attempts[i].replied_ms);
                assert.ok(waits[0] >= 370 && waits[1] >= 745, `${met.name}: ${waits}`);
            }));
    }

    // ---- The three forms of retry-after

    it('retry-after in seconds is obeyed', () => meet(everywhere([{status: 429, headers: {'retry-after': '1'}}, {status: 200}]), {},
        (met) => {
            assert.equal(met.answer?.stop_reason, 'end_turn', `${met.name}: ${met.error}`);
            assert.deepEqual(counts(met), [0, 1], met.name);
            assert.ok(gap(met) >= 995, `${met.name}: ${gap(met)}`);
        }));
    it('retry-after-ms is obeyed, before retry-after', () => meet(
        everywhere([{status: 429, headers: {'retry-after-ms': '30', 'retry-after': '60'}}, {status: 200}]), {}, (met) => {
            assert.deepEqual(counts(met), [0, 1], met.name);
            assert.ok(gap(met) >= 28, `${met.name}: ${gap(met)}`); // and not 60 s: the test would not end
        }));
    it('retry-after as a date is obeyed', () => {
        const began = Date.now(), date = new Date('2026-01-01T00:00:03Z'); // a scenario's calendar begins with 2026
        return meet(everywhere([{status: 429, headers: {'retry-after': date.toUTCString()}}, {status: 200}]), {}, (met) => {
            assert.deepEqual(counts(met), [0, 1], met.name);
            assert.ok(Date.now() >= began + 1995, `${met.name}: it came back too early`); // dates are whole seconds
        });
    });
    it('x-should-retry overrides the status, both ways', async () => {
        await meet(everywhere([{status: 500, headers: {'x-should-retry': 'false'}, forever: true}]), {},
            ({name, attempts}) => assert.equal(attempts.length, 1, name));
        await meet(everywhere([{status: 400, headers: {'x-should-retry': 'true', 'retry-after-ms': '10'}}, {status: 200}]), {},
            ({name, answer, attempts}) => assert.ok(answer && attempts.length === 2, name));
    });

    // ---- Broken connections

    for (const [what, fault] of Object.entries({'a reset before any reply': {reset: 'request'}, 'a close before any reply': {close: 'request'}})) {
        it(`${what} is tried again, on a new connection`, () => meet(everywhere([fault, {status: 200}]), {}, (met) => {
            assert.equal(met.answer?.stop_reason, 'end_turn', `${met.name}: ${met.error}`);
            assert.deepEqual(counts(met), [0, 1], met.name);
            assert.notEqual(met.attempts[0].connection, met.attempts[1].connection, met.name);
            assert.equal(met.attempts[0].end, 'fault', met.name);
        }));
    }
    it('a body that breaks off is the caller\'s, as it is', () => meet(
        everywhere([{status: 200, reset: {after_bytes: 40}}, {status: 200, forever: true}]), {}, ({name, error, attempts}) => {
            assert.equal(error?.constructor.name, 'TypeError', `${name}: ${error}`);
            assert.equal(attempts.length, 1, name);
        }));
    it('a server that does not answer in time is tried again', () => meet(everywhere([{hang: '20s'}, {status: 200}]), {}, (met) => {
        assert.deepEqual(counts(met), [0, 1], `${met.name}: ${met.error}`);
        assert.equal(met.answer?.stop_reason, 'end_turn', met.name);
    }, {timeout: 4000}));

    // ---- Broken streams

    it('an error within a stream is thrown by its type, without a status, and not tried again', () => meet(
        everywhere([{stream: {tokens: 3}, then: {error: 'overloaded'}}, {status: 200, forever: true}]), {stream: true},
        ({name, error, attempts, events}) => {
            assert.ok(error, `${name}: the stream ended with ${events}`);
            assert.equal(error.status, undefined, name);
            assert.match(error.type ?? '', /overloaded_error|serviceUnavailableException|throttlingException/, name);
            assert.ok(events.includes('content_block_delta'), `${name}: ${events}`);
            assert.equal(attempts.length, 1, name);
        }));
    it('a stream that is cut is an error of the transport, or a quiet end, and not tried again', () => meet(
        everywhere([{stream: {tokens: 10}, reset: {after_events: 4}}, {status: 200, forever: true}]), {stream: true},
        ({name, error, attempts, events}) => {
            assert.ok(!events.includes('message_stop'), `${name}: ${events}`);
            assert.ok(error, `${name}: a reset is told`);
            assert.equal(error.status, undefined, name);
            assert.equal(attempts.length, 1, name);
        }));
    it('a stream that ends without its last event ends quietly', () => meet(
        everywhere([{stream: {tokens: 10}, close: {after_events: 4}}, {status: 200, forever: true}]), {stream: true},
        ({name, attempts, events}) => {
            assert.ok(!events.includes('message_stop'), `${name}: ${events}`);
            assert.equal(attempts.length, 1, name);
        }));
});
