/* Requests that bring a credential: whatever the bytes, nothing is accepted that was not given out,
 * and a refusal has a status and a reason. The first byte says who is asked, lines are headers. */
#include <assert.h>
#include <string.h>

#include "simulator/authority/authority.h"

#define HEADERS_MAX 16
#define NOW         (INT64_C(1767225600) * 1000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct authority *authority;

static void read_request(struct redial_str rest, struct redial_header headers[HEADERS_MAX],
                         struct authority_request *request)
{
    struct redial_str line = {"", 0};

    str_split(&rest, '\n', &request->target);
    while (request->header_count < HEADERS_MAX && str_split(&rest, '\n', &line) && line.len > 0) {
        struct redial_header *header = &headers[request->header_count];
        if (!str_split(&line, ':', &header->name)) break;
        header->value = line;
        request->header_count++;
    }
    request->headers = headers;
    request->body = rest;
}

static void ask(uint8_t who, const struct authority_request *request, struct arena *arena)
{
    struct authority_identity identity;
    struct authority_reply reply;
    struct redial_str why;

    if (who < ISSUER_COUNT) {
        assert(authority_answer(authority, (enum issuer)who, request,
                                REDIAL_STR("http://127.0.0.1:1"), NOW, arena, &reply));
        assert(reply.status >= 200 && reply.status < 600);
        return;
    }
    enum platform_kind platform = (enum platform_kind)((who - ISSUER_COUNT) % PLATFORM_KIND_COUNT);
    bool good = authority_check(authority, platform, request, NOW, arena, &identity, &reply, &why);
    assert(good || (reply.status >= 400 && why.len > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct authority_options options = {.seed = 1};
    struct redial_header headers[HEADERS_MAX] = {0};
    struct authority_request request = {.method = "POST", .target = {"", 0}};
    struct arena *arena = arena_new();

    if (!authority) authority = authority_new(&options);
    if (size > 0 && arena && authority) {
        request.method = data[0] & 0x80 ? "GET" : "POST";
        read_request((struct redial_str){(const char *)data + 1, size - 1}, headers, &request);
        ask(data[0] & 0x1f, &request, arena);
    }
    arena_destroy(arena);
    return 0;
}
