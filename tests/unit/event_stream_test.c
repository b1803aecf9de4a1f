/* Event streams. The golden messages are the well-known nine of the AWS SDKs, put together here
 * from their lengths, headers and payloads, with both CRCs as published. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <inttypes.h>

#include "platforms/event_stream.h"
#include "tests/support/failing_memory.h"

static void write_value(const struct event_stream_header *header, struct text *out)
{
    static const char *const types[] = {"true", "false", "i8",     "i16",       "i32",
                                        "i64",  "bytes", "string", "timestamp", "uuid"};

    text_printf(out, "%.*s:%s=", REDIAL_STR_ARG(header->name), types[header->type]);
    if (header->type == EVENT_STREAM_UUID) {
        for (size_t i = 0; i < header->bytes.len; i++)
            text_printf(out, "%02x", (unsigned)(unsigned char)header->bytes.ptr[i]);
    } else if (header->type == EVENT_STREAM_BYTES || header->type == EVENT_STREAM_STRING) {
        text_append(out, header->bytes);
    } else {
        text_printf(out, "%" PRId64, header->number);
    }
    text_append_char(out, ' ');
}

/* Messages are written down as "name:type=value … |payload|" one after the other, a failure as
 * "!why". */
static void read_all(struct event_stream *stream, struct redial_str input, struct text *out)
{
    enum event_stream_result result;
    struct event_stream_message message;
    struct event_stream_header header;

    while ((result = event_stream_next(stream, &input, &message)) == EVENT_STREAM_MESSAGE) {
        while (event_stream_header(&message.headers, &header)) write_value(&header, out);
        text_append_char(out, '|');
        text_append(out, message.payload);
        text_append_char(out, '|');
    }
    if (result == EVENT_STREAM_FAILED) text_printf(out, "!%s", stream->wrong);
}

static void read_in_pieces(struct redial_str input, size_t len, struct text *out)
{
    struct event_stream stream;

    event_stream_init(&stream);
    for (; input.len > 0 && !stream.wrong; input = str_skip(input, len))
        read_all(&stream, str_take(input, len), out);
    text_append_char(out, '.');
    event_stream_clean_up(&stream);
}

#define EVENT_TYPE                                                                                 \
    "0a6576656e742d74797065"                                                                       \
    "04"                                                                                           \
    "0000a00c"
#define CONTENT_TYPE                                                                               \
    "0c636f6e74656e742d74797065"                                                                   \
    "07"                                                                                           \
    "0010"                                                                                         \
    "6170706c69636174696f6e2f6a736f6e"
#define ALL_HEADERS                                                                                \
    EVENT_TYPE CONTENT_TYPE "0a626f6f6c2066616c7365"                                               \
                            "01"                                                                   \
                            "09626f6f6c2074727565"                                                 \
                            "00"                                                                   \
                            "0462797465"                                                           \
                            "02"                                                                   \
                            "cf"                                                                   \
                            "086279746520627566"                                                   \
                            "06"                                                                   \
                            "0014"                                                                 \
                            "49276d2061206c6974746c6520746561706f7421"                             \
                            "0974696d657374616d70"                                                 \
                            "08"                                                                   \
                            "0000000000845fed"                                                     \
                            "05696e743136"                                                         \
                            "03"                                                                   \
                            "002a"                                                                 \
                            "05696e743634"                                                         \
                            "05"                                                                   \
                            "00000000028757b2"                                                     \
                            "0475756964"                                                           \
                            "09"                                                                   \
                            "0102030405060708090a0b0c0d0e0f10"
#define PAYLOAD "7b27666f6f273a27626172277d" /* {'foo':'bar'} */

struct golden_case {
    char name[32];
    char hex[512];
    char want[288];
};

static struct golden_case golden_cases[] = {
    {"empty_message",
     "00000010"
     "00000000"
     "05c248eb"
     "7d98c8ff",
     "||."},
    {"payload_no_headers",
     "0000001d"
     "00000000"
     "fd528c5a" PAYLOAD "c3653936",
     "|{'foo':'bar'}|."},
    {"int32_header",
     "0000002d"
     "00000010"
     "41c424b8" EVENT_TYPE PAYLOAD "36f480a0",
     "event-type:i32=40972 |{'foo':'bar'}|."},
    {"payload_one_str_header",
     "0000003d"
     "00000020"
     "07fd8396" CONTENT_TYPE PAYLOAD "8d9c08b1",
     "content-type:string=application/json |{'foo':'bar'}|."},
    {"all_headers",
     "000000cc"
     "000000af"
     "0fae64ca" ALL_HEADERS PAYLOAD "aba5f10c",
     "event-type:i32=40972 content-type:string=application/json bool false:false=0 "
     "bool true:true=1 byte:i8=-49 byte buf:bytes=I'm a little teapot! "
     "timestamp:timestamp=8675309 int16:i16=42 int64:i64=42424242 "
     "uuid:uuid=0102030405060708090a0b0c0d0e0f10 |{'foo':'bar'}|."},
    {"corrupted_headers",
     "0000003d"
     "00000020"
     "07fd8396"
     "0c636f6e74656e742d74797065"
     "07"
     "0010"
     "6170706c69636174696f6e2f6a736f61" PAYLOAD "8d9c08b1",
     "!the CRC of a message is wrong."},
    {"corrupted_header_len",
     "0000003d"
     "00000021"
     "07fd8396" CONTENT_TYPE PAYLOAD "8d9c08b1",
     "!the CRC of a message's lengths is wrong."},
    {"corrupted_length",
     "0000003e"
     "00000020"
     "07fd8396" CONTENT_TYPE PAYLOAD "8d9c08b1",
     "!the CRC of a message's lengths is wrong."},
    {"corrupted_payload",
     "0000001d"
     "00000000"
     "fd528c5a"
     "5b27666f6f273a27626172277d"
     "c3653936",
     "!the CRC of a message is wrong."},
    {"truncated",
     "0000001d"
     "00000000"
     "fd528c5a" PAYLOAD "c36539",
     "."},
    {"two in a row",
     "00000010"
     "00000000"
     "05c248eb"
     "7d98c8ff"
     "0000001d"
     "00000000"
     "fd528c5a" PAYLOAD "c3653936",
     "|||{'foo':'bar'}|."},
};

ParameterizedTestParameters(event_stream, golden)
{
    return cr_make_param_array(struct golden_case, golden_cases, REDIAL_COUNT_OF(golden_cases));
}

static int nibble(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static void append_hex(struct text *out, const char *hex)
{
    for (; *hex; hex += 2)
        text_append_char(out, (char)(unsigned char)(nibble(hex[0]) << 4 | nibble(hex[1])));
}

ParameterizedTest(struct golden_case *c, event_stream, golden)
{
    struct text bytes = TEXT_INIT, read = TEXT_INIT;

    append_hex(&bytes, c->hex);
    for (size_t len = 1; len <= bytes.len; len++) {
        text_clear(&read);
        read_in_pieces(text_str(&bytes), len, &read);
        cr_assert_str_eq(read.ptr, c->want, "%s, in pieces of %zu", c->name, len);
    }
    text_clean_up(&bytes);
    text_clean_up(&read);
}

/* Writing what was read gives the same bytes. */
ParameterizedTestParameters(event_stream, written_again)
{
    return cr_make_param_array(struct golden_case, golden_cases, REDIAL_COUNT_OF(golden_cases));
}

ParameterizedTest(struct golden_case *c, event_stream, written_again)
{
    struct text bytes = TEXT_INIT, headers = TEXT_INIT, again = TEXT_INIT;
    struct event_stream stream;
    struct event_stream_message message;
    struct event_stream_header header;

    append_hex(&bytes, c->hex);
    struct redial_str input = text_str(&bytes);
    event_stream_init(&stream);
    while (event_stream_next(&stream, &input, &message) == EVENT_STREAM_MESSAGE) {
        text_clear(&headers);
        while (event_stream_header(&message.headers, &header))
            event_stream_header_append(&headers, &header);
        event_stream_append(&again, text_str(&headers), message.payload);
    }
    if (c->want[0] != '!' && c->want[0] != '.')
        cr_expect(str_eq(text_str(&again), text_str(&bytes)), "%s", c->name);
    event_stream_clean_up(&stream);
    text_clean_up(&bytes);
    text_clean_up(&headers);
    text_clean_up(&again);
}

/* ---- What no length may do */

struct bad_case {
    char name[48];
    char lengths[17]; /* hex of the two */
    char headers[64]; /* hex */
    char want[48];
};

ParameterizedTestParameters(event_stream, refused)
{
    static struct bad_case cases[] = {
        {"shorter than a message can be", "0000000f00000000", "",
         "a message's lengths contradict each other"},
        {"headers longer than the message", "0000001400000005", "",
         "a message's lengths contradict each other"},
        {"longer than any message", "ffffffff00000000", "",
         "a message is longer than event streams allow"},
        {"headers longer than any", "0012001100020001", "",
         "a message is longer than event streams allow"},
        {"a header of an unknown type", "0000001300000003", "01610a",
         "a message's headers cannot be read"},
        {"a name beyond the headers", "0000001300000003", "056100",
         "a message's headers cannot be read"},
        {"a value beyond the headers", "0000001600000006", "016107000261",
         "a message's headers cannot be read"},
        {"half a number", "0000001400000004", "01610300", "a message's headers cannot be read"},
        {"a length without its second byte", "0000001400000004", "01610700",
         "a message's headers cannot be read"},
    };
    return cr_make_param_array(struct bad_case, cases, REDIAL_COUNT_OF(cases));
}

/* A bitwise CRC-32 of ISO-HDLC, so that the test shares nothing with what it tests. */
static void append_crc(struct text *out)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < out->len; i++) {
        crc ^= (unsigned char)out->ptr[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    for (int shift = 24; shift >= 0; shift -= 8)
        text_append_char(out, (char)(unsigned char)(~crc >> shift));
}

ParameterizedTest(struct bad_case *c, event_stream, refused)
{
    struct text bytes = TEXT_INIT;
    struct event_stream stream;
    struct event_stream_message message;

    append_hex(&bytes, c->lengths);
    append_crc(&bytes);
    append_hex(&bytes, c->headers);
    append_crc(&bytes);
    struct redial_str input = text_str(&bytes);
    event_stream_init(&stream);
    cr_expect_eq(event_stream_next(&stream, &input, &message), EVENT_STREAM_FAILED);
    cr_expect_str_eq(stream.wrong ? stream.wrong : "", c->want, "%s", c->name);
    cr_expect_lt(stream.message.capacity, 1024, "nothing is kept on the word of a length");
    event_stream_clean_up(&stream);
    text_clean_up(&bytes);
}

Test(event_stream, refuses_every_single_flipped_bit)
{
    struct text good = TEXT_INIT, read = TEXT_INIT;

    append_hex(&good, "0000003d"
                      "00000020"
                      "07fd8396" CONTENT_TYPE PAYLOAD "8d9c08b1");
    for (size_t bit = 0; bit < good.len * 8; bit++) {
        good.ptr[bit / 8] = (char)(good.ptr[bit / 8] ^ 1 << bit % 8);
        text_clear(&read);
        read_in_pieces(text_str(&good), good.len, &read);
        cr_expect_eq(read.ptr[0], '!', "bit %zu", bit);
        good.ptr[bit / 8] = (char)(good.ptr[bit / 8] ^ 1 << bit % 8);
    }
    text_clean_up(&good);
    text_clean_up(&read);
}

/* ---- Memory and order */

Test(event_stream, does_not_copy_what_lies_whole_in_the_input)
{
    struct text bytes = TEXT_INIT;
    struct event_stream stream;
    struct event_stream_message message;

    event_stream_append(&bytes, REDIAL_STR(""), REDIAL_STR("payload"));
    struct redial_str input = text_str(&bytes);
    event_stream_init(&stream);
    cr_assert_eq(event_stream_next(&stream, &input, &message), EVENT_STREAM_MESSAGE);
    cr_expect(message.payload.ptr > bytes.ptr && message.payload.ptr < bytes.ptr + bytes.len);
    cr_expect_eq(stream.message.capacity, 0);
    event_stream_clean_up(&stream);
    text_clean_up(&bytes);
}

Test(event_stream, knows_whether_its_end_would_cut_a_message)
{
    struct text bytes = TEXT_INIT;
    struct event_stream stream;
    struct event_stream_message message;

    event_stream_append(&bytes, REDIAL_STR(""), REDIAL_STR("payload"));
    event_stream_init(&stream);
    cr_expect_not(event_stream_is_within(&stream));
    for (size_t i = 0; i < bytes.len; i++) {
        struct redial_str byte = {bytes.ptr + i, 1};
        bool last = i + 1 == bytes.len;
        cr_expect_eq(event_stream_next(&stream, &byte, &message),
                     last ? EVENT_STREAM_MESSAGE : EVENT_STREAM_MORE);
        cr_expect_eq(event_stream_is_within(&stream), !last);
    }
    event_stream_clean_up(&stream);
    text_clean_up(&bytes);
}

Test(event_stream, begins_anew_after_a_failure)
{
    struct text bytes = TEXT_INIT, read = TEXT_INIT;
    struct event_stream stream;

    event_stream_append(&bytes, REDIAL_STR(""), REDIAL_STR("payload"));
    event_stream_init(&stream);
    read_all(&stream, REDIAL_STR("twelve bytes and more"), &read);
    read_all(&stream, text_str(&bytes), &read);
    cr_expect_str_eq(read.ptr, "!the CRC of a message's lengths is wrong"
                               "!the CRC of a message's lengths is wrong");
    event_stream_restart(&stream);
    text_clear(&read);
    read_all(&stream, text_str(&bytes), &read);
    cr_expect_str_eq(read.ptr, "|payload|");
    event_stream_clean_up(&stream);
    text_clean_up(&bytes);
    text_clean_up(&read);
}

Test(event_stream, carries_the_largest_message_and_no_larger_one)
{
    struct text payload = TEXT_INIT, bytes = TEXT_INIT;
    struct event_stream stream;
    struct event_stream_message message;

    while (payload.len < EVENT_STREAM_MESSAGE_MAX - 16)
        text_append(&payload, REDIAL_STR("0123456789abcdef"));
    event_stream_append(&bytes, REDIAL_STR(""),
                        str_take(text_str(&payload), EVENT_STREAM_MESSAGE_MAX - 16));
    cr_assert_not(bytes.failed);
    struct redial_str first = str_take(text_str(&bytes), 1000),
                      rest = str_skip(text_str(&bytes), 1000);
    event_stream_init(&stream);
    cr_expect_eq(event_stream_next(&stream, &first, &message), EVENT_STREAM_MORE);
    cr_expect_eq(event_stream_next(&stream, &rest, &message), EVENT_STREAM_MESSAGE);
    cr_expect_eq(message.payload.len, EVENT_STREAM_MESSAGE_MAX - 16);
    text_append_char(&payload, '.');
    text_clear(&bytes);
    event_stream_append(&bytes, REDIAL_STR("h"),
                        str_take(text_str(&payload), EVENT_STREAM_MESSAGE_MAX - 16));
    cr_expect(bytes.failed);
    event_stream_clean_up(&stream);
    text_clean_up(&payload);
    text_clean_up(&bytes);
}

Test(event_stream, says_so_when_memory_is_out)
{
    struct event_stream stream;
    struct event_stream_message message;
    struct redial_str half = REDIAL_STR("half");

    event_stream_init(&stream);
    failing_memory_begin(1);
    cr_expect_eq(event_stream_next(&stream, &half, &message), EVENT_STREAM_FAILED);
    cr_expect(failing_memory_end());
    cr_expect_str_eq(stream.wrong, "memory is out");
    event_stream_clean_up(&stream);
}
