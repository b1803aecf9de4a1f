// Credentials as the vendors' own libraries get them, from the fakes alone: every way that `redial fake --credentials`
// offers, and what becomes of a token that expires. The client is call.mjs, which knows nothing but its environment.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {describe, it} from 'node:test';
import {promisify} from 'node:util';
import {environment, fake} from './fake.mjs';

const run = promisify(execFile);
const program = new URL('call.mjs', import.meta.url).pathname;

// What came of `count` calls, and what arrived for them: "server operation status", one after the other.
async function call({platform, way, generation = '1.x', count = 1, world}) {
    const served = await fake({world: world && {[platform]: world}, args: ['--credentials', way]});
    try {
        const key = platform === 'foundry' && way !== 'key' ? {ANTHROPIC_FOUNDRY_API_KEY: null} : {};
        const env = environment(served, key);
        const {stdout} = await run(process.execPath, ['--no-warnings', program, platform, generation, String(count)], {env});
        const journal = await served.journal();
        for (const {headers} of journal) assert.ok(!/canary-|canary\/|sk-ant-|ya29/.test(JSON.stringify(headers)), 'no secret in the journal');
        return {results: JSON.parse(stdout), arrived: journal.map(({server, operation, status}) => `${server} ${operation} ${status}`),
            generations: journal.filter(({operation}) => operation === 'messages').map(({credential}) => credential)};
    } finally {
        await served.stop();
    }
}

// What must have been asked of whom before the call.
const session = 'aws-imds metadata 200';
const ways = {
    anthropic: {key: [], bearer: [], oauth: [], federation: ['anthropic-oauth token 200']},
    bedrock: {keys: [], bearer: [], container: ['aws-container token 200'], 'web identity': ['aws-sts token 200'],
        sso: ['aws-sso token 200'], 'assume role': ['aws-sts token 200'], imds: [session, session, 'aws-imds token 200']},
    // google-auth-library sends keys and logins of its own to oauth2.googleapis.com alone: those files are for clients that
    // read their token_uri.
    vertex: {metadata: ['google-metadata metadata 200', 'google-metadata token 200'],
        'external account': ['google-metadata metadata 200', ...Array(3).fill('google-token token 200')],
        'aws identity': ['google-metadata metadata 200', 'google-token token 200']},
    foundry: {key: [], secret: ['azure-authority metadata 200', 'azure-authority token 200'],
        certificate: ['azure-authority metadata 200', 'azure-authority token 200'],
        'workload identity': ['azure-authority metadata 200', 'azure-authority token 200'], imds: ['azure-imds token 200'],
        'app service': ['azure-app-service token 200']},
};

describe('credentials', {concurrency: 4}, () => {
    for (const [platform, rows] of Object.entries(ways)) {
        for (const [way, asked] of Object.entries(rows)) {
            it(`${platform}: by ${way}`, async () => {
                const {results, arrived} = await call({platform, way});
                assert.deepEqual(results, ['end_turn']);
                assert.deepEqual(arrived, [...asked, `${platform} messages 200`]);
            });
        }
    }

    // ---- Expiry: the token is good for two requests

    const twice = {credentials: {expire_after: '2 requests'}, replies: [{status: 200, forever: true}]};
    const fine = (count) => Array(count).fill('end_turn');
    for (const generation of ['1.x', '0.x']) {
        it(`anthropic ${generation}: a refused OAuth token is refreshed at once, and the call goes on`, async () => {
            const {results, arrived, generations} = await call({platform: 'anthropic', way: 'oauth', generation, count: 4, world: twice});
            assert.deepEqual(results, fine(4));
            assert.deepEqual(arrived, ['anthropic messages 200', 'anthropic messages 200', 'anthropic messages 401',
                'anthropic-oauth token 200', 'anthropic messages 200', 'anthropic messages 200']);
            assert.deepEqual(generations, [0, 0, 0, 1, 1]);
        });
    }
    it('anthropic: a refused federated token is bought anew, and the call goes on', async () => {
        const {results, generations} = await call({platform: 'anthropic', way: 'federation', count: 3, world: twice});
        assert.deepEqual(results, fine(3));
        assert.deepEqual(generations, [1, 1, 1, 2]);
    });
    it('bedrock 0.x: keys are asked for at every request, and never seen to expire', async () => {
        const {results, generations} = await call({platform: 'bedrock', way: 'imds', generation: '0.x', count: 4, world: twice});
        assert.deepEqual(results, fine(4));
        assert.deepEqual(generations, [1, 2, 3, 4]);
    });
    for (const [platform, way, generation] of [['vertex', 'metadata', '1.x'], ['vertex', 'metadata', '0.x'], ['foundry', 'app service', '1.x']]) {
        it(`${platform} ${generation}: a refused token is the caller's, and used again`, async () => {
            const {results, generations} = await call({platform, way, generation, count: 4, world: twice});
            assert.deepEqual(results.slice(0, 2), fine(2));
            for (const result of results.slice(2)) assert.match(result, /^AuthenticationError 401/);
            assert.deepEqual(generations, [1, 1, 1, 1]);
        });
    }
});
