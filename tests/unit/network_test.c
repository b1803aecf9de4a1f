/* Where requests may go in plain text, and what the environment says about the way. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "client/network.h"
#include "redial/redial.h"

struct place_case {
    char url[64];
    enum network_reach reach;
    bool allowed, local;
};

ParameterizedTestParameters(network, judges_where_a_url_leads)
{
    static struct place_case cases[] = {
        {"https://api.anthropic.com/v1", NETWORK_LOOPBACK, true, false},
        {"http://127.0.0.1:80/", NETWORK_LOOPBACK, true, true},
        {"http://[::1]:80/", NETWORK_LOOPBACK, true, true},
        {"http://LOCALHOST/", NETWORK_LOOPBACK, true, true},
        {"http://127.0.0.2:80/", NETWORK_LOOPBACK, true, true},
        {"http://127.0.0.1.evil.example/", NETWORK_METADATA, false, false},
        {"http://169.254.169.254/latest", NETWORK_LOOPBACK, false, false},
        {"http://169.254.169.254/latest", NETWORK_METADATA, true, true},
        {"http://169.254.170.2/v2/credentials", NETWORK_METADATA, true, true},
        {"http://169.255.169.254/", NETWORK_METADATA, false, false},
        {"http://169.254.169.254.evil.example/", NETWORK_METADATA, false, false},
        {"http://[fd00:ec2::254]/latest", NETWORK_METADATA, true, true},
        {"http://metadata.google.internal/x", NETWORK_METADATA, true, true},
        {"http://metadata.google.internal/x", NETWORK_LOOPBACK, false, false},
        {"http://metadata.google.internal@evil.example", NETWORK_METADATA, false, false},
        {"https://169.254.169.254/", NETWORK_METADATA, true, true},
        {"ftp://localhost/", NETWORK_METADATA, false, true},
        {"", NETWORK_METADATA, false, false},
    };
    return cr_make_param_array(struct place_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct place_case *c, network, judges_where_a_url_leads)
{
    struct network_place place = network_judge(c->url, c->reach);

    cr_expect_eq(place.allowed, c->allowed, "%s", c->url);
    cr_expect_eq(place.local, c->local, "%s", c->url);
}

Test(network, reads_the_environment_as_curl_does)
{
    const struct redial_env values[] = {
        {"HTTPS_PROXY", "http://upper:1"},
        {"https_proxy", "http://lower:2"},
        {"NO_PROXY", "a.example"},
        {"SSL_CERT_FILE", ""},
        {"CURL_CA_BUNDLE", "/bundle.pem"},
        {"NODE_EXTRA_CA_CERTS", "/extra.pem"},
        {NULL, NULL},
    };
    struct network network;

    cr_assert(network_read(&network, values));
    cr_expect_str_eq(network.proxy, "http://lower:2");
    cr_expect_str_eq(network.no_proxy, "a.example");
    cr_expect_str_eq(network.ca_file, "/bundle.pem", "an empty value is none");
    cr_expect_null(network.ca_folder);
    cr_expect_str_eq(network.ca_extra, "/extra.pem");
    network_clean_up(&network);
}
