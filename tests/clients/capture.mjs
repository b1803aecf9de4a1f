// Captures requests as SDKs sign them, with keys that open nothing: ../vectors/signed/NAME.json, the food of
// tests/unit/verify_sigv4_test.c. Run it by hand when an SDK changes what it signs:   node capture.mjs
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {once} from 'node:events';
import {BedrockRuntimeClient, CountTokensCommand, InvokeModelCommand} from '@aws-sdk/client-bedrock-runtime';
import {fromTemporaryCredentials} from '@aws-sdk/credential-providers';
import {NodeHttpHandler} from '@smithy/node-http-handler';
import {AnthropicBedrock, AnthropicBedrockMantle} from '@anthropic-ai/bedrock-sdk';
import {AnthropicBedrock as AnthropicBedrock0} from 'bedrock-sdk-0x';

const target = new URL('../vectors/signed/', import.meta.url);
const keys = {accessKeyId: 'AKIACANARYCAPTURED00', secretAccessKey: 'canary/secret+of/captured=requests000000'};
const passing = {accessKeyId: 'ASIACANARYCAPTURED00', secretAccessKey: keys.secretAccessKey,
    sessionToken: 'canary/session+token=='};
const versions = Object.fromEntries(['@anthropic-ai/bedrock-sdk', 'bedrock-sdk-0x', '@aws-sdk/client-bedrock-runtime',
    '@aws-sdk/credential-providers'].map((name) => [name,
    JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version]));
const message = {max_tokens: 16, messages: [{role: 'user', content: 'Say "hi".'}]};
const haiku = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const arn = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123';

let seen;
const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    seen = {method: request.method, target: request.url, headers: pairs(request.rawHeaders),
        body: Buffer.concat(chunks).toString()};
    response.writeHead(400, {'content-type': 'application/json'}).end('{"message":"seen"}');
});
// The user agent is never signed, and tells of the machine.
function pairs(raw) {
    return raw.flatMap((name, i) => (i % 2 || name.toLowerCase() === 'user-agent' ? [] : [`${name}: ${raw[i + 1]}`]));
}
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const baseURL = `http://127.0.0.1:${server.address().port}`;

async function capture(name, client, service, {accessKeyId, secretAccessKey, sessionToken}, send) {
    seen = undefined;
    await send().catch(() => {});
    if (!seen) throw new Error(`${name}: nothing was sent`);
    const file = {client: `${client} ${versions[client]}`, service, accessKeyId, secretAccessKey, sessionToken, ...seen};
    writeFileSync(new URL(`${name}.json`, target), JSON.stringify(file, null, 2) + '\n');
}

function own({accessKeyId, secretAccessKey, sessionToken}) {
    return {baseURL, maxRetries: 0, awsRegion: 'us-east-1', awsAccessKey: accessKeyId, awsSecretKey: secretAccessKey,
        awsSessionToken: sessionToken};
}
function native(credentials) {
    return new BedrockRuntimeClient({endpoint: baseURL, region: 'us-east-1', credentials, maxAttempts: 1,
        requestHandler: new NodeHttpHandler()});
}

mkdirSync(target, {recursive: true});
for (const [generation, name, Client] of [['1x', '@anthropic-ai/bedrock-sdk', AnthropicBedrock], ['0x', 'bedrock-sdk-0x', AnthropicBedrock0]]) {
    const still = new Client(own(keys)), temporary = new Client(own(passing));
    await capture(`sdk-${generation}-colon`, name, 'bedrock', keys, () => still.messages.create({model: haiku, ...message}));
    await capture(`sdk-${generation}-arn`, name, 'bedrock', keys, () => still.messages.create({model: arn, ...message}));
    await capture(`sdk-${generation}-plain-stream`, name, 'bedrock', passing,
        () => temporary.messages.create({model: 'us.anthropic.claude-opus-5', stream: true, ...message}));
    await capture(`sdk-${generation}-beta`, name, 'bedrock', passing, () => temporary.beta.messages.create(
        {model: haiku, betas: ['context-1m-2025-08-07', 'fast-mode-2026-02-01'], ...message}));
}
const mantle = new AnthropicBedrockMantle({baseURL: `${baseURL}/anthropic`, maxRetries: 0, awsRegion: 'us-east-1',
    awsAccessKey: passing.accessKeyId, awsSecretAccessKey: passing.secretAccessKey, awsSessionToken: passing.sessionToken});
await capture('sdk-1x-mantle', '@anthropic-ai/bedrock-sdk', 'bedrock-mantle', passing,
    () => mantle.messages.create({model: 'anthropic.claude-opus-5', ...message}));
const body = JSON.stringify({anthropic_version: 'bedrock-2023-05-31', ...message});
await capture('aws-sdk-invoke', '@aws-sdk/client-bedrock-runtime', 'bedrock', passing,
    () => native(passing).send(new InvokeModelCommand({modelId: haiku, contentType: 'application/json', body})));
await capture('aws-sdk-arn', '@aws-sdk/client-bedrock-runtime', 'bedrock', keys,
    () => native(keys).send(new InvokeModelCommand({modelId: arn, contentType: 'application/json', body})));
await capture('aws-sdk-count-tokens', '@aws-sdk/client-bedrock-runtime', 'bedrock', keys,
    () => native(keys).send(new CountTokensCommand({modelId: haiku, input: {invokeModel: {body: Buffer.from(body)}}})));
await capture('aws-sdk-assume-role', '@aws-sdk/credential-providers', 'sts', keys, fromTemporaryCredentials({
    masterCredentials: keys,
    params: {RoleArn: 'arn:aws:iam::123456789012:role/redial-canary', RoleSessionName: 'redial'},
    clientConfig: {endpoint: baseURL, region: 'us-east-1', maxAttempts: 1}}));
server.close();
server.closeAllConnections();
