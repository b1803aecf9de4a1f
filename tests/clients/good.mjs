// A client as its vendor means it: the SDK with its own retries, told by the environment which call is meant. It tells
// success of a whole answer alone, begins nothing anew once output was delivered, and bails in the background.
import Anthropic from '@anthropic-ai/sdk';

const {REDIAL_MODEL: model = 'claude-opus-4-6', REDIAL_STREAM, REDIAL_QUERY, REDIAL_MAX_TOKENS = '4096'} = process.env;
const client = new Anthropic({logLevel: 'off', maxRetries: REDIAL_QUERY === 'background' ? 0 : 2, timeout: 20_000});
const request = {model, max_tokens: Number(REDIAL_MAX_TOKENS), messages: [{role: 'user', content: 'Is the line clear?'}]};

try {
    let stopped;
    if (REDIAL_STREAM === 'true') {
        for await (const event of await client.messages.create({...request, stream: true})) {
            if (event.type === 'message_delta') stopped = event.delta.stop_reason;
            if (event.type === 'message_stop') stopped = `${stopped}, whole`;
        }
        if (!stopped?.endsWith('whole')) throw new Error('the stream ended without message_stop');
    } else {
        const answer = await client.messages.create(request);
        if (answer.type !== 'message' || !answer.stop_reason) throw new Error('no message');
        stopped = answer.stop_reason;
    }
    if (!stopped.startsWith('end_turn')) throw new Error(`it stopped for ${stopped}`);
    process.exit(0);
} catch (error) {
    console.error(`${error.constructor.name}: ${error.message}`);
    process.exit(1);
}
