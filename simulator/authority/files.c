/* The files that take an RSA key: Google's service account and Azure's client certificate. */
#include "simulator/authority/keys.h"
#include "simulator/authority/parts.h"

static void write_service_account(struct redial_str pem, struct redial_str base_url,
                                  struct text *out)
{
    text_printf(out, "{\"type\":\"service_account\",\"project_id\":\"" GOOGLE_PROJECT
                     "\",\"private_key_id\":\"canary\",\"private_key\":");
    text_append_json(out, pem);
    text_printf(out,
                ",\"client_email\":\"" GOOGLE_ACCOUNT "\",\"client_id\":\"1234567890\","
                "\"token_uri\":\"%.*s/token\",\"universe_domain\":\"googleapis.com\"}\n",
                REDIAL_STR_ARG(base_url));
}

static bool write_file(struct authority *authority, enum authority_file file,
                       struct redial_str base_url, int64_t now, struct text *out)
{
    struct text pem = TEXT_INIT;
    bool done = rsa_key_write(authority->rsa, &pem);

    if (done && file == AUTHORITY_SERVICE_ACCOUNT) {
        write_service_account(text_str(&pem), base_url, out);
    } else if (done) {
        text_append(out, text_str(&pem));
        done = rsa_key_write_certificate(authority->rsa, now, out);
    }
    text_clean_up(&pem);
    return done && !out->failed;
}

bool authority_file(struct authority *authority, enum authority_file file,
                    struct redial_str base_url, int64_t now, struct arena *arena,
                    struct redial_str *contents)
{
    struct text text = TEXT_INIT;
    bool done;

    if (!authority->rsa) authority->rsa = rsa_key_new();
    done = authority->rsa && write_file(authority, file, base_url, now, &text) &&
           arena_copy(arena, text_str(&text), contents);
    text_clean_up(&text);
    return done;
}
