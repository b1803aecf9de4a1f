// A client as it should not be: it asks again at once, whatever it was told and whatever was delivered, and always tells
// success. The verdicts of verdict.mjs must find all of it.
const {ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: key, REDIAL_MODEL: model, REDIAL_STREAM} = process.env;
const body = JSON.stringify({model, max_tokens: 4096, stream: REDIAL_STREAM === 'true', messages: [{role: 'user', content: 'Now!'}]});
const headers = {'x-api-key': key, 'anthropic-version': '2023-06-01', 'content-type': 'application/json'};

for (let i = 0; i < 8; i++) {
    try {
        const reply = await fetch(`${url}/v1/messages`, {method: 'POST', headers, body});
        const text = await reply.text();
        if (reply.ok && (REDIAL_STREAM !== 'true' || text.includes('message_stop'))) break;
    } catch {
        // again
    }
}
process.exit(0);
