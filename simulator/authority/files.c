/* Credential files that name the server they are for. */
#include "simulator/authority/keys.h"
#include "simulator/authority/parts.h"

struct writing {
    struct authority *authority;
    struct redial_str base_url;
    int64_t now;
    struct text *out;
};

static void write_base(const struct writing *writing, const char *before, const char *path)
{
    text_printf(writing->out, "%s\"%.*s%s\"", before, REDIAL_STR_ARG(writing->base_url), path);
}

/* ---- With the RSA key */

static bool write_service_account(const struct writing *writing)
{
    struct text pem = TEXT_INIT;
    bool done = rsa_key_write(writing->authority->rsa, &pem);

    text_printf(writing->out,
                "{\"type\":\"service_account\",\"project_id\":\"" GOOGLE_PROJECT
                "\",\"private_key_id\":\"canary\",\"client_email\":\"" GOOGLE_ACCOUNT
                "\",\"client_id\":\"1234567890\",\"universe_domain\":\"googleapis.com\","
                "\"private_key\":");
    text_append_json(writing->out, text_str(&pem));
    write_base(writing, ",\"token_uri\":", "/token");
    text_append(writing->out, REDIAL_STR("}\n"));
    text_clean_up(&pem);
    return done;
}

static bool write_certificate(const struct writing *writing)
{
    return rsa_key_write(writing->authority->rsa, writing->out) &&
           rsa_key_write_certificate(writing->authority->rsa, writing->now, writing->out);
}

/* ---- Without it */

static bool write_user(const struct writing *writing)
{
    const struct redial_str *given = writing->authority->given;

    text_printf(writing->out,
                "{\"type\":\"authorized_user\",\"client_id\":\"" GOOGLE_CLIENT_ID
                "\",\"client_secret\":\"%.*s\",\"refresh_token\":\"%.*s\",\"quota_project_id\":"
                "\"" GOOGLE_PROJECT "\"",
                REDIAL_STR_ARG(given[GIVEN_GOOGLE_CLIENT_SECRET]),
                REDIAL_STR_ARG(given[GIVEN_GOOGLE_REFRESH]));
    write_base(writing, ",\"token_uri\":", "/token");
    text_append_char(writing->out, '}');
    return true;
}

static void write_impersonation(const struct writing *writing)
{
    write_base(writing, ",\"service_account_impersonation_url\":",
               "/v1/projects/-/serviceAccounts/" GOOGLE_ACCOUNT ":generateAccessToken");
}

static bool write_impersonated(const struct writing *writing)
{
    text_append(writing->out,
                REDIAL_STR("{\"type\":\"impersonated_service_account\",\"source_credentials\":"));
    write_user(writing);
    write_impersonation(writing);
    text_append(writing->out, REDIAL_STR(",\"delegates\":[]}\n"));
    return true;
}

static bool write_external(const struct writing *writing)
{
    text_append(writing->out,
                REDIAL_STR("{\"type\":\"external_account\",\"audience\":\"" GOOGLE_AUDIENCE
                           "\",\"subject_token_type\":\"urn:ietf:params:oauth:token-type:jwt\""));
    write_base(writing, ",\"token_url\":", "/v1/token");
    write_base(writing, ",\"credential_source\":{\"url\":", GOOGLE_IDENTITY_PATH);
    text_append_char(writing->out, '}');
    write_impersonation(writing);
    text_append(writing->out, REDIAL_STR("}\n"));
    return true;
}

static bool write_external_aws(const struct writing *writing)
{
    text_append(writing->out,
                REDIAL_STR("{\"type\":\"external_account\",\"audience\":\"" GOOGLE_AUDIENCE
                           "\",\"subject_token_type\":"
                           "\"urn:ietf:params:aws:token-type:aws4_request\","
                           "\"credential_source\":{\"environment_id\":\"aws1\","
                           "\"regional_cred_verification_url\":\"https://sts.{region}.amazonaws.com"
                           "?Action=GetCallerIdentity&Version=2011-06-15\"}"));
    write_base(writing, ",\"token_url\":", "/v1/token");
    text_append(writing->out, REDIAL_STR("}\n"));
    return true;
}

static const struct {
    bool wants_key;
    bool (*write)(const struct writing *writing);
} files[AUTHORITY_FILE_COUNT] = {
    [AUTHORITY_SERVICE_ACCOUNT] = {true, write_service_account},
    [AUTHORITY_CLIENT_CERTIFICATE] = {true, write_certificate},
    [AUTHORITY_AUTHORISED_USER] = {false, write_user},
    [AUTHORITY_IMPERSONATED] = {false, write_impersonated},
    [AUTHORITY_EXTERNAL_ACCOUNT] = {false, write_external},
    [AUTHORITY_EXTERNAL_AWS] = {false, write_external_aws},
};

bool authority_file(struct authority *authority, enum authority_file file,
                    struct redial_str base_url, int64_t now, struct arena *arena,
                    struct redial_str *contents)
{
    struct text text = TEXT_INIT;
    struct writing writing = {authority, base_url, now, &text};
    bool done;

    if (files[file].wants_key && !authority->rsa) {
        authority->rsa = rsa_key_new();
        if (!authority->rsa) return false;
    }
    done =
        files[file].write(&writing) && !text.failed && arena_copy(arena, text_str(&text), contents);
    text_clean_up(&text);
    return done;
}
