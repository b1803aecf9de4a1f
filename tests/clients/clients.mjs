// The official SDKs on four platforms, in both generations, pointed at a fake by its environment.
import Anthropic from '@anthropic-ai/sdk';
import {AnthropicBedrock, AnthropicBedrockMantle} from '@anthropic-ai/bedrock-sdk';
import {AnthropicVertex} from '@anthropic-ai/vertex-sdk';
import AnthropicFoundry from '@anthropic-ai/foundry-sdk';
import Anthropic0 from 'sdk-0x';
import {AnthropicBedrock as AnthropicBedrock0} from 'bedrock-sdk-0x';
import {AnthropicVertex as AnthropicVertex0} from 'vertex-sdk-0x';
import AnthropicFoundry0 from 'foundry-sdk-0x';
import {OAuth2Client} from 'google-auth-library';

const direct = (Client) => ({env}, options) => new Client({apiKey: env.ANTHROPIC_API_KEY, authToken: null,
    baseURL: env.ANTHROPIC_BASE_URL, ...options});
const bedrock = (Client) => ({env}, options) => new Client({awsAccessKey: env.AWS_ACCESS_KEY_ID,
    awsSecretKey: env.AWS_SECRET_ACCESS_KEY, awsRegion: env.AWS_REGION, baseURL: env.ANTHROPIC_BEDROCK_BASE_URL, ...options});
const mantle = ({env}, options) => new AnthropicBedrockMantle({awsAccessKey: env.AWS_ACCESS_KEY_ID,
    awsSecretAccessKey: env.AWS_SECRET_ACCESS_KEY, awsRegion: env.AWS_REGION, baseURL: env.ANTHROPIC_BEDROCK_MANTLE_BASE_URL,
    ...options});
// google-auth-library finds its metadata server by process-wide variables alone, and tests run side by side: here the
// token is fetched by hand; credentials.mjs lets the library do it.
const vertex = (Client) => ({env}, options) => new Client({projectId: env.ANTHROPIC_VERTEX_PROJECT_ID,
    region: env.CLOUD_ML_REGION, baseURL: env.ANTHROPIC_VERTEX_BASE_URL, authClient: new ByHand(env.GCE_METADATA_HOST), ...options});
class ByHand extends OAuth2Client {
    constructor(host) {
        super();
        this.url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`;
    }
    async getRequestHeaders() {
        this.token ??= (await (await fetch(this.url, {headers: {'metadata-flavor': 'Google'}})).json()).access_token;
        return new Headers({authorization: `Bearer ${this.token}`});
    }
}
const foundry = (Client) => ({env}, options) => new Client({apiKey: env.ANTHROPIC_FOUNDRY_API_KEY,
    baseURL: env.ANTHROPIC_FOUNDRY_BASE_URL, ...options});

// `model` as the platform calls it; `version` the header anthropic-version, where there is one; `counts` whether the SDK can count tokens there.
export const clients = {
    'anthropic 1.x': {platform: 'anthropic', version: '2026-10-21', model: 'claude-opus-4-6', counts: true, make: direct(Anthropic)},
    'anthropic 0.x': {platform: 'anthropic', version: '2023-06-01', model: 'claude-opus-4-6', counts: true, make: direct(Anthropic0)},
    'bedrock 1.x': {platform: 'bedrock', model: 'us.anthropic.claude-opus-5', counts: false, make: bedrock(AnthropicBedrock)},
    'bedrock 0.x': {platform: 'bedrock', version: '2023-06-01', model: 'us.anthropic.claude-haiku-4-5-20251001-v1:0', counts: false, make: bedrock(AnthropicBedrock0)},
    'mantle 1.x': {platform: 'bedrock', version: '2026-10-21', model: 'anthropic.claude-opus-5', counts: true, make: mantle},
    'vertex 1.x': {platform: 'vertex', model: 'claude-haiku-4-5@20251001', counts: true, make: vertex(AnthropicVertex)},
    'vertex 0.x': {platform: 'vertex', version: '2023-06-01', model: 'claude-haiku-4-5@20251001', counts: true, make: vertex(AnthropicVertex0)},
    'foundry 1.x': {platform: 'foundry', version: '2026-10-21', model: 'claude-opus-4-6', counts: true, make: foundry(AnthropicFoundry)},
    'foundry 0.x': {platform: 'foundry', version: '2023-06-01', model: 'claude-opus-4-6', counts: true, make: foundry(AnthropicFoundry0)},
};

export const ask = (model, more = {}) => ({model, max_tokens: 64, messages: [{role: 'user', content: 'Is the line clear?'}], ...more});
