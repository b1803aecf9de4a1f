/* The request of an attempt on the wire: what its call asks for, with a prompt of the size that it
 * states, to the place where its exchange happens. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "simulator/run/wire_parts.h"
#include "simulator/world/credential.h"

#define PADDING_LEN (8u << 20) /* more than the socket buffers of both sides hold */

static const char *const base_paths[PLATFORM_KIND_COUNT] = {
    [PLATFORM_ANTHROPIC] = "",
    [PLATFORM_BEDROCK] = "",
    [PLATFORM_VERTEX] = "/v1",
    [PLATFORM_FOUNDRY] = "/anthropic",
};

/* A label has at most 63 characters (RFC 1035 §2.3.4): no resolver asks anybody about this one. */
#define UNRESOLVABLE                                                                               \
    "https://a-label-of-more-than-sixty-three-characters-is-no-name-at-all-anywhere.invalid"

static bool fails_in_tls(const struct carried *carried)
{
    enum request_fault fault = carried->attempt->exchange->fault;
    return fault == REQUEST_RESET_TLS || fault == REQUEST_BAD_CERTIFICATE;
}

/* Made when it is first needed: few scenarios do. */
static bool set_tls_trap(const struct carried *carried, struct redial_str *why)
{
    struct wire *wire = carried->wire;
    if (!fails_in_tls(carried)) return true;
    if (!wire->tls_trap) wire->tls_trap = tls_trap_new(why);
    if (!wire->tls_trap) return false;
    tls_trap_set(wire->tls_trap, carried->attempt->exchange->fault == REQUEST_RESET_TLS
                                     ? TLS_TRAP_RESET
                                     : TLS_TRAP_BAD_CERTIFICATE);
    return true;
}

static bool write_base_url(const struct carried *carried, struct redial_str *url)
{
    struct sockaddr_in closed = {0};
    socklen_t len = sizeof closed;
    uint16_t port = endpoint_port(carried->endpoint);

    if (carried->attempt->exchange->fault == REQUEST_UNRESOLVED) {
        *url = REDIAL_STR(UNRESOLVABLE);
        return true;
    }
    if (carried->attempt->exchange->fault == REQUEST_REFUSED) {
        getsockname(carried->wire->closed_socket, (struct sockaddr *)&closed, &len);
        port = ntohs(closed.sin_port);
    }
    if (fails_in_tls(carried)) port = tls_trap_port(carried->wire->tls_trap);
    return arena_printf(carried->arena, url, "%s://127.0.0.1:%u%s",
                        fails_in_tls(carried) ? "https" : "http", port,
                        base_paths[carried->attempt->platform]);
}

/* The conversation, or a prompt of so many words, each one token to the fake. A body that must not
 * fit into the socket buffers is padded with blanks, which JSON allows anywhere. */
static void write_body(const struct attempt *attempt, struct text *body)
{
    char blanks[4096];
    bool padded = attempt->exchange->fault == REQUEST_BROKEN_PIPE;

    memset(blanks, ' ', sizeof blanks);
    text_append(body, REDIAL_STR("{\"messages\":"));
    if (attempt->request.messages.len > 0) {
        text_append(body, str_take(attempt->request.messages,
                                   attempt->request.messages.len - 1)); /* without its ']' */
    } else {
        text_append(body, REDIAL_STR("[{\"role\":\"user\",\"content\":\""));
        for (int64_t i = 0; i < attempt->request.input_tokens; i++)
            text_append(body, REDIAL_STR("w "));
        text_append(body, REDIAL_STR("\"}"));
    }
    if (attempt->prefill.len > 0) {
        text_append(body, REDIAL_STR(",{\"role\":\"assistant\",\"content\":"));
        text_append_json(body, attempt->prefill);
        text_append_char(body, '}');
    }
    for (size_t len = 0; padded && len < PADDING_LEN; len += sizeof blanks)
        text_append(body, (struct redial_str){blanks, sizeof blanks});
    text_append(body, REDIAL_STR("]}"));
}

/* Its text lasts as long as the attempt. */
static bool make_body(const struct carried *carried, struct body *body)
{
    struct body_error error;
    struct redial_str kept;
    struct text text = TEXT_INIT;

    write_body(carried->attempt, &text);
    bool made = !text.failed && arena_copy(carried->arena, text_str(&text), &kept);
    text_clean_up(&text);
    return made && body_scan(kept, body, &error);
}

static struct redial_str find_request_id(const struct request_seen *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (str_eq_nocase(request->headers[i].name, REDIAL_STR("x-client-request-id")))
            return request->headers[i].value;
    return REDIAL_STR("");
}

bool wire_build_request(struct carried *carried, struct redial_str *why)
{
    const struct attempt *attempt = carried->attempt;
    char credential[SIMULATED_CREDENTIAL_SIZE];
    struct body body;
    struct request_facts facts = {
        .policy = carried->wire->policy,
        .provider = attempt->provider,
        .model = attempt->request.model,
        .max_tokens = attempt->request.max_tokens,
        .credential_is_key = attempt->request.static_key,
        .stream = attempt->request.stream,
        .fast = attempt->request.fast,
        .project = REDIAL_STR("simulated-project"),
        .client_request_id = find_request_id(&attempt->request),
        .betas = attempt->betas.list,
        .beta_count = attempt->betas.count,
        .custom_headers = attempt->own_headers,
        .custom_header_count = attempt->own_header_count,
    };

    if (!set_tls_trap(carried, why)) return false;
    simulated_credential(attempt->platform, attempt->request.credential, credential);
    facts.credential = str_of(credential);
    facts.body = &body;
    *why = REDIAL_STR("memory is out");
    return make_body(carried, &body) && write_base_url(carried, &facts.base_url) &&
           request_build(carried->arena, &facts, &carried->request, why);
}
