#include "simulator/authority/azure.h"

#include "simulator/authority/jwt.h"

bool azure_serves(struct redial_str resource)
{
    if (str_ends_with(resource, REDIAL_STR("/"))) resource.len--;
    return str_is(resource, "https://ai.azure.com") ||
           str_is(resource, "https://cognitiveservices.azure.com");
}

static bool write_claims(const struct answer *answer, struct redial_str resource, struct text *out)
{
    long long now = (long long)(answer->now / SECOND);

    text_append(out, REDIAL_STR("{\"aud\":"));
    text_append_json(out, resource);
    text_printf(out,
                ",\"iss\":\"https://sts.windows.net/" AZURE_TENANT "/\",\"iat\":%lld,\"nbf\":%lld,"
                "\"exp\":%lld,\"appid\":\"" AZURE_CLIENT "\",\"tid\":\"" AZURE_TENANT
                "\",\"oid\":\"" AZURE_CLIENT "\",\"ver\":\"1.0\"}",
                now, now, now + (long long)grant_seconds(answer->authority));
    return !out->failed;
}

/* Header, claims, and a dot: what stands before the secret part. */
static bool write_stem(const struct answer *answer, struct redial_str resource, struct text *out)
{
    struct text claims = TEXT_INIT;

    if (write_claims(answer, resource, &claims)) {
        base64url_append(out, REDIAL_STR("{\"typ\":\"JWT\",\"alg\":\"RS256\"}"));
        text_append_char(out, '.');
        base64url_append(out, text_str(&claims));
        text_append(out, REDIAL_STR(".canary-azure-"));
    }
    if (claims.failed) out->failed = true;
    text_clean_up(&claims);
    return !out->failed;
}

const struct grant *azure_token(struct answer *answer, struct redial_str resource)
{
    struct text stem = TEXT_INIT;
    const struct grant *grant = NULL;

    if (write_stem(answer, resource, &stem))
        grant = grant_token(answer->authority, PLATFORM_FOUNDRY, stem.ptr, answer->now);
    text_clean_up(&stem);
    return grant;
}
