// What an SDK is for, on every platform and in both generations, against fakes that check what it sends: messages, whole
// and streamed, counted tokens, tools.
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';
import {fake} from './fake.mjs';
import {ask, clients} from './clients.mjs';

const weather = {name: 'get_weather', description: 'The weather of a city',
    input_schema: {type: 'object', properties: {city: {type: 'string'}}, required: ['city']}};

describe('messages', {concurrency: true}, () => {
    let served;
    before(async () => (served = await fake()));
    after(() => served.stop());
    const journal = async () => (await served.journal()).filter(({operation}) => operation !== 'token');

    for (const [name, {make, model, counts, version, platform}] of Object.entries(clients)) {
        const client = (session) => make(served, {maxRetries: 0, defaultHeaders: {'x-redial-session': session.replaceAll(' ', '-')}});

        it(`${name}: a message comes whole`, async () => {
            const message = await client(`${name} whole`).messages.create(ask(model));
            assert.equal(message.type, 'message');
            assert.equal(message.role, 'assistant');
            assert.equal(message.stop_reason, 'end_turn');
            assert.match(message.id, /^msg_/);
            assert.equal(message.content[0].type, 'text');
            assert.ok(message.content[0].text.length > 0);
            assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
            const [entry, ...more] = await served.journal({session: `${name} whole`.replaceAll(' ', '-')});
            assert.deepEqual(more, []);
            assert.equal(entry.server, platform);
            assert.equal(entry.status, 200);
            const sent = Object.fromEntries(entry.headers.map(([key, value]) => [key.toLowerCase(), value]));
            assert.equal(sent['anthropic-version'], version);
        });

        it(`${name}: a message comes as a stream`, async () => {
            const kinds = [];
            let text = '';
            for await (const event of await client(`${name} stream`).messages.create(ask(model, {stream: true}))) {
                if (event.type === 'ping') continue;
                if (kinds.at(-1) !== event.type) kinds.push(event.type);
                if (event.type === 'content_block_delta') text += event.delta.text;
            }
            assert.deepEqual(kinds, ['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop',
                'message_delta', 'message_stop']);
            assert.ok(text.length > 0);
        });

        it(`${name}: the helper puts a stream together`, async () => {
            const message = await client(`${name} helper`).messages.stream(ask(model)).finalMessage();
            assert.equal(message.stop_reason, 'end_turn');
            assert.ok(message.content[0].text.length > 0);
        });

        it(`${name}: tokens are counted${counts ? '' : ' nowhere: the SDK has no path for it'}`, async () => {
            const counted = client(`${name} count`).messages.countTokens({model, messages: ask(model).messages});
            if (counts) assert.ok((await counted).input_tokens > 0);
            else await assert.rejects(counted, {status: 404});
        });

        it(`${name}: a tool is asked for, and its result taken`, async () => {
            const tools = {tools: [weather], tool_choice: {type: 'any'}};
            const first = await client(`${name} tool`).messages.create(ask(model, tools));
            assert.equal(first.stop_reason, 'tool_use');
            const use = first.content.find(({type}) => type === 'tool_use');
            assert.equal(use.name, 'get_weather');
            assert.match(use.id, /^toolu_/);
            const second = await client(`${name} tool`).messages.create({...ask(model), tools: [weather], messages: [
                ...ask(model).messages, {role: 'assistant', content: first.content},
                {role: 'user', content: [{type: 'tool_result', tool_use_id: use.id, content: 'sunny'}]}]});
            assert.equal(second.stop_reason, 'end_turn');
        });

        it(`${name}: a tool is asked for in a stream`, async () => {
            const message = await client(`${name} tool stream`).messages.stream(
                ask(model, {tools: [weather], tool_choice: {type: 'tool', name: 'get_weather'}})).finalMessage();
            assert.equal(message.stop_reason, 'tool_use');
            assert.equal(typeof message.content.find(({type}) => type === 'tool_use').input, 'object');
        });
    }

    it('every request came with a good credential, and none held it open', async () => {
        for (const entry of await journal()) {
            assert.notEqual(entry.status, 401, entry.why);
            assert.notEqual(entry.status, 403, entry.why);
            assert.ok(!JSON.stringify(entry).includes('canary/') && !JSON.stringify(entry).includes('sk-ant-'));
        }
    });
});
