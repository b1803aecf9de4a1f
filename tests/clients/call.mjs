// A program that knows nothing of the fakes: it takes its settings from the environment, makes calls one after the other,
// and prints what came of them as JSON. `node call.mjs PLATFORM GENERATION COUNT`
const [, , platform, generation, count] = process.argv;
const now = generation === '1.x';
const message = (model) => ({model, max_tokens: 32, messages: [{role: 'user', content: 'Is the line clear?'}]});

async function azureToken() {
    const {DefaultAzureCredential, ClientCertificateCredential, ClientSecretCredential, WorkloadIdentityCredential, getBearerTokenProvider} =
        await import('@azure/identity');
    const {AZURE_CLIENT_SECRET: secret, AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client, AZURE_AUTHORITY_HOST: authorityHost,
        AZURE_CLIENT_CERTIFICATE_PATH: certificatePath} = process.env;
    const options = {authorityHost, disableInstanceDiscovery: true};
    const credential = secret ? new ClientSecretCredential(tenant, client, secret, options)
        : certificatePath ? new ClientCertificateCredential(tenant, client, {certificatePath}, options)
        : process.env.AZURE_FEDERATED_TOKEN_FILE ? new WorkloadIdentityCredential(options) : new DefaultAzureCredential();
    return getBearerTokenProvider(credential, 'https://ai.azure.com/.default');
}

const makers = {
    async anthropic() {
        const {default: Client} = await import(now ? '@anthropic-ai/sdk' : 'sdk-0x');
        return [new Client({logLevel: 'off'}), 'claude-opus-4-6'];
    },
    async bedrock() {
        const {AnthropicBedrock} = await import(now ? '@anthropic-ai/bedrock-sdk' : 'bedrock-sdk-0x');
        return [new AnthropicBedrock({logLevel: 'off'}), now ? 'us.anthropic.claude-opus-5' : 'us.anthropic.claude-haiku-4-5-20251001-v1:0'];
    },
    async vertex() {
        const {AnthropicVertex} = await import(now ? '@anthropic-ai/vertex-sdk' : 'vertex-sdk-0x');
        return [new AnthropicVertex({logLevel: 'off'}), 'claude-haiku-4-5@20251001'];
    },
    async foundry() {
        const {default: Client} = await import(now ? '@anthropic-ai/foundry-sdk' : 'foundry-sdk-0x');
        const key = process.env.ANTHROPIC_FOUNDRY_API_KEY;
        return [new Client({logLevel: 'off', ...(key ? {} : {azureADTokenProvider: await azureToken()})}), 'claude-opus-4-6'];
    },
};

const results = [];
const [client, model] = await makers[platform]();
for (let i = 0; i < Number(count); i++) {
    try {
        const {stop_reason} = await client.messages.create(message(model), {maxRetries: 1});
        results.push(stop_reason);
    } catch (error) {
        results.push(`${error.constructor.name} ${error.status}: ${error.message} ${error.cause?.message ?? ''} ${error.cause?.cause?.message ?? ''}`);
    }
}
console.log(JSON.stringify(results));
process.exit(0); // whatever a library keeps open
