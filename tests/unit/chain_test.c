/* The search itself: the order of sources, what is kept, what is said; by the sources that need
 * nothing but the environment. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "base/names.h"
#include "credentials/links.h"
#include "tests/support/errands.h"

static void expect_text(struct redial_str text, const char *glob)
{
    cr_expect(glob_match(str_of(glob), text), "'%.*s' is not like '%s'", REDIAL_STR_ARG(text),
              glob);
}

Test(chain, finds_the_first_key_in_the_order_of_the_policy)
{
    struct chain *chain = errands_chain(
        "anthropic_api_key anthropic_oauth",
        ENVIRONMENT({"ANTHROPIC_AUTH_TOKEN", "token-1"}, {"ANTHROPIC_API_KEY", "key-1"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_READY);
    const struct credential *found = chain_credential(chain);
    cr_expect_eq(found->form, CREDENTIAL_KEY);
    cr_expect(str_is(found->secret, "key-1"));
    cr_expect(str_is(found->source, "ANTHROPIC_API_KEY"));
    cr_expect(str_is(chain_source(chain), "ANTHROPIC_API_KEY"));
    cr_expect_eq(chain_age(chain, INT64_MAX - 1), CHAIN_GOOD);
    chain_destroy(chain);
}

Test(chain, says_where_it_looked_in_order_when_there_is_nothing)
{
    struct chain *chain = errands_chain("aws_bearer anthropic_api_key", NO_ENVIRONMENT);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_FAILED);
    expect_text(chain_why(chain), "no credential found; looked, in this order: "
                                  "AWS_BEARER_TOKEN_BEDROCK (it is not set); ANTHROPIC_API_KEY (it "
                                  "is not set)");
    cr_expect_null(chain_credential(chain));
    chain_destroy(chain);
}

Test(chain, ends_at_a_key_with_a_line_break_without_showing_it)
{
    struct chain *chain = errands_chain("aws_bearer anthropic_api_key",
                                        ENVIRONMENT({"ANTHROPIC_API_KEY", "canary-1\ncanary-2"}));
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_FAILED);
    expect_text(chain_why(chain),
                "ANTHROPIC_API_KEY: the key or token holds a line break*looked "
                "before it, in this order: AWS_BEARER_TOKEN_BEDROCK (it is not set)*");
    errands_expect_secret_kept(chain, "canary");
    chain_destroy(chain);
}

Test(chain, does_not_serve_a_static_key_again_that_was_refused)
{
    struct redial_env environment[] = {{"ANTHROPIC_API_KEY", "key-1"}, {NULL, NULL}};
    struct chain *chain = errands_chain("anthropic_api_key", environment);
    cr_assert_eq(errands_run(chain, CHAIN_FROM_CACHE, NULL, NULL, 0), CHAIN_READY);
    cr_assert_eq(errands_run(chain, CHAIN_ANEW, NULL, NULL, 0), CHAIN_FAILED);
    expect_text(chain_why(chain), "ANTHROPIC_API_KEY still gives what was refused");
    cr_expect_null(chain_credential(chain));
    environment[0].value = "key-2";
    cr_assert_eq(errands_run(chain, CHAIN_ANEW, NULL, NULL, 0), CHAIN_READY);
    cr_expect(str_is(chain_credential(chain)->secret, "key-2"));
    chain_destroy(chain);
}

Test(chain, suggests_the_link_that_was_meant)
{
    struct redial_str why, link = REDIAL_STR("aws_chian");
    struct chain_options options = {.links = &link, .link_count = 1};
    cr_expect_null(chain_new(&options, &why));
    expect_text(why, "unknown credential 'aws_chian': did you mean 'aws_chain'?");
    link = REDIAL_STR("x");
    cr_expect_null(chain_new(&options, &why));
    expect_text(why, "unknown credential 'x': expected anthropic_api_key, *");
}

Test(chain, names_every_link_and_its_sources)
{
    for (size_t i = 0; i < link_names.count; i++) {
        const struct link *link = link_at(i);
        cr_expect_eq(names_find(&link_names, str_of(link_names.rows[i].word)), (int)i);
        cr_expect_gt(link->source_count, 0, "%s", link_names.rows[i].word);
        cr_expect_leq(link->spent, link->stale);
        for (size_t j = 0; j < link->source_count; j++) {
            cr_expect_not_null(link->sources[j].name);
            cr_expect_not_null(link->sources[j].begin);
        }
    }
}

Test(chain, survives_every_failed_allocation)
{
    errands_torture("anthropic_api_key anthropic_oauth",
                    ENVIRONMENT({"ANTHROPIC_AUTH_TOKEN", "token-1"}), NULL, 0);
}

/* ---- URLs ---- */

struct url_case {
    char text[80], host[32], port[8], path[24], query[16];
    bool good, loopback, metadata;
};

ParameterizedTestParameters(url, is_taken_apart)
{
    static struct url_case cases[] = {
        {"https://sts.amazonaws.com/", "sts.amazonaws.com", "", "/", "", true, false, false},
        {"http://127.0.0.1:8080/a?b=c#d", "127.0.0.1", "8080", "/a", "b=c", true, true, false},
        {"HTTP://[::1]:1?q", "::1", "1", "", "q", true, true, false},
        {"http://LOCALHOST", "LOCALHOST", "", "", "", true, true, false},
        {"http://169.254.170.23/v1", "169.254.170.23", "", "/v1", "", true, false, true},
        {"http://[fd00:ec2::254]/", "fd00:ec2::254", "", "/", "", true, false, true},
        {"http://metadata.google.internal/c", "metadata.google.internal", "", "/c", "", true, false,
         true},
        {"http://127.0.0.1.example.com/", "127.0.0.1.example.com", "", "/", "", true, false, false},
        {"http://169.254.1.1.nip.io/", "169.254.1.1.nip.io", "", "/", "", true, false, false},
        {"http://127.0.0.1@example.com/", .good = false},
        {"ftp://example.com/", .good = false},
        {"https:///path", .good = false},
        {"https://host:port/", .good = false},
        {"http://[::1/", .good = false},
        {"example.com", .good = false},
        {"", .good = false},
    };
    return cr_make_param_array(struct url_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct url_case *c, url, is_taken_apart)
{
    struct url url;
    cr_assert_eq(url_split(str_of(c->text), &url), c->good, "%s", c->text);
    if (!c->good) return;
    cr_expect(str_is(url.host, c->host), "%s", c->text);
    cr_expect(str_is(url.port, c->port), "%s", c->text);
    cr_expect(str_is(url.path, c->path), "%s", c->text);
    cr_expect(str_is(url.query, c->query), "%s", c->text);
    cr_expect_eq(url_is_loopback(&url), c->loopback, "%s", c->text);
    cr_expect_eq(url_is_metadata(&url), c->metadata, "%s", c->text);
}

Test(url, form_is_percent_encoded)
{
    struct text form = TEXT_INIT;
    form_append(&form, "Action", REDIAL_STR("Assume Role"));
    form_append(&form, "Arn", REDIAL_STR("arn:aws:iam::1:role/a+b~\xc3\xa9"));
    cr_expect_str_eq(form.ptr,
                     "Action=Assume%20Role&Arn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%2Bb~%C3%A9");
    text_clean_up(&form);
}
