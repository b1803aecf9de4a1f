#include "base/base64.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct base64_case {
    char bytes[16], encoded[24];
};

/* RFC 4648, section 10. */
ParameterizedTestParameters(base64, goes_both_ways)
{
    static struct base64_case cases[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe\xfb", "//77"},
    };
    return cr_make_param_array(struct base64_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct base64_case *c, base64, goes_both_ways)
{
    for (size_t cut = 0; c->bytes[0] && cut <= str_of(c->bytes).len; cut++) {
        struct base64 base64 = {.rest_len = 0};
        struct text encoded = TEXT_INIT;
        base64_append(&base64, str_take(str_of(c->bytes), cut), &encoded);
        base64_append(&base64, str_skip(str_of(c->bytes), cut), &encoded);
        base64_end(&base64, &encoded);
        cr_expect(str_is(text_str(&encoded), c->encoded), "%s cut at %zu", c->bytes, cut);
        text_clean_up(&encoded);
    }
    struct text decoded = TEXT_INIT;
    cr_expect(base64_decode(str_of(c->encoded), &decoded));
    cr_expect(str_is(text_str(&decoded), c->bytes), "%s", c->encoded);
    text_clean_up(&decoded);
}

Test(base64, decodes_nothing_else)
{
    static const char *const wrong[] = {"Z",    "Zg",   "Zg=",   "Zg==Zg==", "Z===", "====",
                                        "Zm9-", " m9v", "Zm9v ", "Zm9v\n",   "a=b=", "Zg=a"};

    for (size_t i = 0; i < REDIAL_COUNT_OF(wrong); i++) {
        struct text decoded = TEXT_INIT;
        cr_expect_not(base64_decode(str_of(wrong[i]), &decoded), "'%s'", wrong[i]);
        cr_expect_eq(decoded.len, 0);
        text_clean_up(&decoded);
    }
}

struct base64url_case {
    char bytes[24], encoded[32];
};

ParameterizedTestParameters(base64, of_urls_goes_both_ways)
{
    static struct base64url_case cases[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xff\xfb\xfe", "__v-"},
    };
    return cr_make_param_array(struct base64url_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct base64url_case *c, base64, of_urls_goes_both_ways)
{
    struct text out = TEXT_INIT;
    base64url_append(&out, str_of(c->bytes));
    cr_expect(str_is(text_str(&out), c->encoded), "%s", c->encoded);
    text_clear(&out);
    cr_expect(base64url_decode(str_of(c->encoded), &out));
    cr_expect(str_is(text_str(&out), c->bytes), "%s", c->encoded);
    text_clean_up(&out);
}

Test(base64, what_is_no_base64url_leaves_nothing_behind)
{
    struct text out = TEXT_INIT;
    text_append(&out, REDIAL_STR("kept"));
    cr_expect_not(base64url_decode(REDIAL_STR("Zm9v+"), &out));
    cr_expect_not(base64url_decode(REDIAL_STR("Zm9vY"), &out));
    cr_expect_not(base64url_decode(REDIAL_STR("Zm\0v"), &out));
    cr_expect(str_is(text_str(&out), "kept"));
    cr_expect(base64url_decode(REDIAL_STR("Zg=="), &out), "padding is allowed");
    cr_expect(str_is(text_str(&out), "keptf"));
    text_clean_up(&out);
}

Test(base64, long_texts_come_back)
{
    struct text bytes = TEXT_INIT, encoded = TEXT_INIT, decoded = TEXT_INIT;
    struct base64 base64 = {.rest_len = 0};

    for (int i = 0; i < 10000; i++) text_append_char(&bytes, (char)(unsigned char)(i * 7));
    for (size_t at = 0; at < bytes.len; at += 1111)
        base64_append(&base64, str_take(str_skip(text_str(&bytes), at), 1111), &encoded);
    base64_end(&base64, &encoded);
    cr_expect(base64_decode(text_str(&encoded), &decoded));
    cr_expect(str_eq(text_str(&decoded), text_str(&bytes)));
    text_clean_up(&bytes);
    text_clean_up(&encoded);
    text_clean_up(&decoded);
}
