/* The parts of the fakes as a server that need no socket: the journal's pages, and which operation
 * a path means. What goes over sockets is tests/cli/fake.py's. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <zlib.h>

#include "simulator/serve/compress.h"
#include "simulator/serve/demand.h"
#include "simulator/serve/journal.h"
#include "simulator/serve/route.h"

/* ---- The journal */

Test(journal, forgets_its_oldest_page_and_counts_it)
{
    struct journal *journal = journal_new();

    cr_assert(journal);
    cr_expect_null(journal_arena(journal));
    for (uint32_t i = 1; i <= JOURNAL_KEPT_MAX + 1; i++) {
        struct journal_entry *entry = journal_add(journal);
        cr_assert(entry);
        cr_assert_eq(entry->number, i);
    }
    cr_expect_eq(journal_count(journal), JOURNAL_KEPT_MAX - JOURNAL_PAGE + 1);
    cr_expect_eq(journal_fallen_out(journal), JOURNAL_PAGE);
    cr_expect_eq(journal_at(journal, 0)->number, JOURNAL_PAGE + 1);
    cr_expect_null(journal_find(journal, JOURNAL_PAGE));
    cr_expect_eq(journal_find(journal, JOURNAL_PAGE + 1)->number, JOURNAL_PAGE + 1);
    cr_expect_eq(journal_find(journal, JOURNAL_KEPT_MAX + 1)->number, JOURNAL_KEPT_MAX + 1);
    cr_expect_null(journal_find(journal, JOURNAL_KEPT_MAX + 2));
    cr_expect_null(journal_find(journal, 0));
    journal_clear(journal);
    cr_expect_eq(journal_count(journal), 0);
    cr_expect_eq(journal_add(journal)->number, 1);
    journal_destroy(journal);
}

Test(journal, writes_what_passes_the_filter)
{
    static const char *const sessions[] = {"a", "b", "a", "a"};
    const struct journal_filter filter = {.session = REDIAL_STR("a"),
                                          .server = {"", 0},
                                          .operation = {"", 0},
                                          .after = 1,
                                          .limit = 1};
    struct journal *journal = journal_new();
    struct text out = TEXT_INIT;

    for (size_t i = 0; i < REDIAL_COUNT_OF(sessions); i++)
        journal_add(journal)->session = str_of(sessions[i]);
    journal_write_json(journal, &filter, &out);
    cr_expect_str_eq(out.ptr, "[{\"number\":3,\"arrived_ms\":0.000,\"read_ms\":0.000,"
                              "\"session\":\"a\",\"headers\":[],\"end\":\"under_way\"}]\n");
    text_clean_up(&out);
    journal_destroy(journal);
}

/* ---- Routes */

struct route_case {
    char method[8], path[112];
    unsigned platforms;
    enum operation operation;
    bool streams, wrong_method;
    char captured[64];
};
#define ALL          0xfu
#define ON(platform) (1u << PLATFORM_##platform)

ParameterizedTestParameters(route, tells_the_operation)
{
    static struct route_case cases[] = {
        {"POST", "/v1/messages", ALL, OPERATION_MESSAGES, false, false, ""},
        {"GET", "/v1/messages", ALL, OPERATION_MESSAGES, false, true, ""},
        {"POST", "/v1/messages/count_tokens", ALL, OPERATION_COUNT_TOKENS, false, false, ""},
        {"GET", "/v1/models/claude-opus-5", ALL, OPERATION_MODEL, false, false, "claude-opus-5"},
        {"GET", "/v1/models/", ALL, OPERATION_MODELS, false, false, ""},
        {"GET", "/v1/messages/batches/b/results", ALL, OPERATION_BATCH_RESULTS, false, false, "b"},
        {"DELETE", "/v1/messages/batches/b", ALL, OPERATION_BATCH_DELETE, false, false, "b"},
        {"POST", "/model/arn%3Aaws%2Fx/invoke", ALL, OPERATION_MESSAGES, false, false, "arn:aws/x"},
        {"POST", "/model/m:0/invoke-with-response-stream", ALL, OPERATION_MESSAGES, true, false,
         "m:0"},
        {"POST", "/model/a/b/invoke", ALL, OPERATION_NONE, false, false, ""},
        {"POST", "/v1/projects/p/locations/l/publishers/anthropic/models/m@1:streamRawPredict", ALL,
         OPERATION_MESSAGES, true, false, "m@1"},
        {"POST", "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict",
         ALL, OPERATION_COUNT_TOKENS, false, false, ""},
        {"POST", "/anthropic/v1/messages", ON(FOUNDRY), OPERATION_MESSAGES, false, false, ""},
        {"POST", "/anthropic/v1/messages", ON(BEDROCK), OPERATION_MESSAGES, false, false, ""},
        {"POST", "/anthropic/v1/messages", ON(ANTHROPIC), OPERATION_NONE, false, false, ""},
        {"HEAD", "/api/hello", ALL, OPERATION_HELLO, false, false, ""},
        {"POST", "/model/%zz%4/invoke", ALL, OPERATION_MESSAGES, false, false, "%zz%4"},
    };
    return cr_make_param_array(struct route_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct route_case *c, route, tells_the_operation)
{
    struct arena *arena = arena_new();
    struct route route;

    cr_assert(route_find(c->method, str_of(c->path), c->platforms, arena, &route));
    cr_expect_eq(route.operation, c->operation, "%s: %d", c->path, route.operation);
    cr_expect_eq(route.streams, c->streams, "%s", c->path);
    cr_expect_eq(route.wrong_method, c->wrong_method, "%s", c->path);
    if (c->operation != OPERATION_NONE)
        cr_expect(str_is(route.captured, c->captured), "%s: %.*s", c->path,
                  REDIAL_STR_ARG(route.captured));
    arena_destroy(arena);
}

Test(route, reads_parameters_of_a_query)
{
    struct arena *arena = arena_new();
    struct redial_str target = REDIAL_STR("/_redial/journal?a=1&session=one%20two&session=3&empty");

    cr_expect(str_is(route_path(target), "/_redial/journal"));
    cr_expect(str_is(route_parameter(target, "session", arena), "one two"));
    cr_expect_eq(route_parameter(target, "empty", arena).len, 0);
    cr_expect_eq(route_parameter(target, "none", arena).len, 0);
    arena_destroy(arena);
}

/* ---- What a body asks for */

static bool read_demand(const char *body, struct arena *arena, struct demand *demand)
{
    static const struct redial_header version = {REDIAL_STR_INIT("Anthropic-Version"),
                                                 REDIAL_STR_INIT("2023-06-01")};
    static const struct route route = {.operation = OPERATION_MESSAGES, .captured = {"", 0}};
    const struct demand_request request = {&route, &version, 1, str_of(body)};
    struct objection objection;

    return demand_read(&request, arena, demand, &objection);
}

#define PROMPT "\"messages\":[{\"role\":\"user\",\"content\":\"one two\"}"

Test(demand, hashes_the_request_and_not_how_it_is_written)
{
    struct arena *arena = arena_new();
    struct demand a, b, c;

    cr_assert(read_demand("{\"model\":\"m\",\"max_tokens\":5," PROMPT "]}", arena, &a));
    cr_assert(read_demand(
        "{ \"model\": \"m\", \"max_tokens\": 5,\"metadata\":{\"id\":7}, " PROMPT "]}", arena, &b));
    cr_assert(read_demand("{\"model\":\"n\",\"max_tokens\":9," PROMPT
                          ",{\"role\":\"assistant\",\"content\":\"so\"}]}",
                          arena, &c));
    cr_expect_eq(a.body_hash, b.body_hash, "blanks and metadata do not count");
    cr_expect_eq(a.prompt, c.prompt, "another model and a prefill: the same call");
    cr_expect_neq(a.body_hash, c.body_hash);
    cr_expect_eq(a.input_tokens, 2);
    demand_clean_up(&a);
    demand_clean_up(&b);
    demand_clean_up(&c);
    arena_destroy(arena);
}

Test(demand, objects_to_deep_and_broken_bodies)
{
    static char deep[4096];
    struct arena *arena = arena_new();
    struct demand demand;

    for (size_t i = 0; i < sizeof deep - 1; i++) deep[i] = '[';
    cr_expect_not(read_demand(deep, arena, &demand));
    cr_expect_null(demand.body);
    cr_expect_not(read_demand("", arena, &demand));
    cr_expect_not(read_demand("[]", arena, &demand));
    demand_clean_up(&demand);
    cr_expect_not(
        read_demand("{\"messages\":null,\"tools\":7,\"max_tokens\":\"x\"}", arena, &demand));
    demand_clean_up(&demand);
    arena_destroy(arena);
}

/* ---- Compressed bodies */

struct accept_case {
    char header[48];
    bool gzip;
};

ParameterizedTestParameters(compress, is_for_who_accepts_it)
{
    static struct accept_case cases[] = {
        {"gzip", true},           {"deflate, gzip, br", true},
        {"GZIP", true},           {"br;q=1, gzip ; q=0.2", true},
        {"x-gzip", true},         {"gzip;q=0", false},
        {"gzip; q=0.000", false}, {"", false},
        {"identity", false},      {"br, zstd", false},
        {"gzipped", false},
    };

    return cr_make_param_array(struct accept_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct accept_case *row, compress, is_for_who_accepts_it)
{
    cr_expect_eq(accepts_gzip(str_of(row->header)), row->gzip, "%s", row->header);
}

static size_t unpack(struct redial_str bytes, char *room, size_t size, int *status)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes.ptr,
                       .avail_in = (uInt)bytes.len,
                       .next_out = (Bytef *)room,
                       .avail_out = (uInt)size};

    cr_assert_eq(inflateInit2(&stream, 15 + 16), Z_OK);
    *status = inflate(&stream, Z_SYNC_FLUSH);
    inflateEnd(&stream);
    return size - stream.avail_out;
}

Test(compress, takes_another_id_without_being_made_anew)
{
    char plain[600], seen[700];
    struct redial_str body = {plain, sizeof plain}, out;
    struct packed packed = {0};
    struct arena *arena = arena_new();
    int status;

    for (size_t i = 0; i < sizeof plain; i++) plain[i] = (char)('a' + i * i % 23);
    cr_assert(packed_make(&packed, body, 100, 22));
    cr_assert(packed_write(&packed, body, REDIAL_STR("0123456789ABCDEFGHIJKL"), 100, arena, &out));
    cr_expect_lt(out.len, sizeof plain);
    memcpy(plain + 100, "0123456789ABCDEFGHIJKL", 22);
    cr_expect_eq(unpack(out, seen, sizeof seen, &status), sizeof plain);
    cr_expect_eq(status, Z_STREAM_END, "its sum is right too");
    cr_expect_arr_eq(seen, plain, sizeof plain);
    cr_expect_not(packed_make(&packed, str_take(body, 199), 100, 22), "too short to gain");
    packed_clean_up(&packed);
    arena_destroy(arena);
}

Test(compress, lets_each_piece_of_a_stream_be_read_at_once)
{
    struct packing *packing = packing_new();
    struct text all = TEXT_INIT;
    struct redial_str out;
    char seen[256];
    int status;

    cr_assert(packing);
    cr_assert(packing_add(packing, REDIAL_STR("event: ping\n\n"), false, &out));
    text_append(&all, out);
    cr_expect_eq(unpack(text_str(&all), seen, sizeof seen, &status), 13);
    cr_expect_eq(status, Z_OK);
    cr_assert(packing_add(packing, REDIAL_STR("event: end\n\n"), true, &out));
    text_append(&all, out);
    cr_expect_eq(unpack(text_str(&all), seen, sizeof seen, &status), 25);
    cr_expect_eq(status, Z_STREAM_END);
    packing_destroy(packing);
    text_clean_up(&all);
}
