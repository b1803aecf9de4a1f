// `redial run` around two clients that are not ours: good.mjs, the official SDK as its vendor means it, and bad.mjs, which
// does everything wrong. A verdict is worth something if it tells them apart, and for the true reason.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {describe, it} from 'node:test';

const root = new URL('../..', import.meta.url).pathname;

// What `redial run` says of the client in these scenarios, a line of JSON each, and its exit status. Delays and hints of the world
// pass `speed` times as fast; the client's own waits are its own.
function judge(client, paths, speed = 4) {
    const words = ['run', '--json', '--limit', '20s', '--speed', String(speed), ...paths, '--', process.execPath, '--no-warnings', `tests/clients/${client}`];
    return new Promise((resolve) => execFile(process.env.REDIAL, words, {cwd: root}, (error, stdout, stderr) =>
        resolve({lines: stdout.trimEnd().split('\n').map((line) => JSON.parse(line)), status: error?.code ?? 0, told: stderr})));
}

// What the good one gets, what the bad one gets, and which checks it breaks, among others.
const rows = {
    'field/failover-bench-s01-a-429-with-retry-after-is-retried-when-it-says': ['pass', 'partial', 'hint'],
    'field/failover-bench-s12-a-context-length-error-is-not-retried': ['pass', 'fail', 'hopeless', 'false_success', 'storm'],
    'field/failover-bench-s13-a-content-filter-is-not-retried': ['pass', 'fail', 'false_success'],
    'seed/the-eleventh-server-error-ends-the-call': ['pass', 'fail', 'hot_loop', 'false_success'],
    'seed/a-background-529-ends-an-unattended-call-at-once': ['pass', 'fail', 'background', 'hot_loop', 'false_success'],
    'seed/a-wrong-request-is-not-sent-again': ['pass', 'fail', 'hopeless', 'storm'],
    'seed/a-wrong-api-key-ends-the-call-at-once': ['pass', 'fail', 'credential', 'storm'],
    'seed/a-veto-forbids-sending-the-same-request-again': ['pass', 'fail', 'veto'],
    'seed/a-stream-without-message-stop-after-output-ends-the-call': ['pass', 'fail', 'after_output', 'false_success'],
    'seed/an-overload-inside-a-stream-after-output-ends-the-call': ['pass', 'fail', 'after_output'],
    'seed/a-model-that-is-not-found-ends-the-call-at-once': ['pass', 'fail', 'hopeless', 'false_success'],
};

describe('verdicts', {concurrency: 5}, () => {
    for (const [name, [grade, bads, ...checks]] of Object.entries(rows)) {
        it(`${name}: the SDK gets ${grade}, the bad client ${bads}`, async () => {
            const path = `scenarios/${name}.yaml`;
            const good = await judge('good.mjs', [path]);
            assert.equal(good.lines[0].grade, grade, good.told);
            assert.equal(good.status, 0);
            const bad = await judge('bad.mjs', [path]);
            const broken = new Set(bad.lines[0].broken.map(({check}) => check));
            assert.equal(bad.lines[0].grade, bads, bad.told);
            assert.equal(bad.status, 1);
            for (const check of checks) assert.ok(broken.has(check), `${check} is broken: ${[...broken]}`);
        });
    }

    // ---- The card over all of field/, a quarter at a time

    const all = readdirSync(`${root}scenarios/field`).filter((file) => file.endsWith('.yaml')).map((file) => `scenarios/field/${file}`);
    const failed = new Map(); // name of the scenario → checks
    const card = {scenarios: 0, pass: 0, safe: 0, partial: 0, fail: 0, invalid: 0};
    for (let quarter = 0; quarter < 4; quarter++) {
        it(`field, quarter ${quarter + 1}: a card`, async () => {
            const {lines, told} = await judge('good.mjs', all.filter((_, number) => number % 4 === quarter), 100);
            const own = lines.pop();
            assert.equal(own.kind, 'scorecard');
            assert.equal(own.speed, 100);
            assert.match(told, /divided by 100 \(--speed\)/);
            for (const key of Object.keys(card)) card[key] += own[key];
            for (const {scenario, grade, broken} of lines) if (grade === 'fail' || grade === 'partial') failed.set(scenario, broken.map(({check}) => check));
        });
    }
    it('field: what the SDK does wrong is that it asks again where a spending cap says 429', {timeout: 40_000}, async () => {
        while (card.scenarios < all.length) await new Promise((resolve) => setTimeout(resolve, 50));
        assert.equal(card.scenarios, all.length);
        assert.deepEqual([...failed.keys()], ['A spending cap that says 429 is not retried']);
        assert.ok([...failed.values()][0].includes('hopeless'));
        assert.equal(card.pass + card.safe, all.length - 1);
    });
});
