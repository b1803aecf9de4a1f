#include "client/network.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/environment.h"
#include "base/url.h"

/* ---- Reading */

static bool read_first(const struct redial_env *environment, const char *const names[],
                       char **value)
{
    struct redial_str found = {0};

    for (size_t i = 0; names[i] && found.len == 0; i++)
        found = environment_get(environment, str_of(names[i]));
    if (found.len == 0) return true;
    *value = strndup(found.ptr, found.len);
    return *value != NULL;
}

bool network_read(struct network *network, const struct redial_env *environment)
{
    static const char *const proxies[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                          NULL};
    static const char *const direct[] = {"no_proxy", "NO_PROXY", NULL};
    static const char *const files[] = {"SSL_CERT_FILE", "CURL_CA_BUNDLE", NULL};
    static const char *const folders[] = {"SSL_CERT_DIR", NULL};
    static const char *const extras[] = {"NODE_EXTRA_CA_CERTS", NULL};

    *network = (struct network){0};
    return read_first(environment, proxies, &network->proxy) &&
           read_first(environment, direct, &network->no_proxy) &&
           read_first(environment, files, &network->ca_file) &&
           read_first(environment, folders, &network->ca_folder) &&
           read_first(environment, extras, &network->ca_extra);
}

void network_clean_up(struct network *network)
{
    free(network->proxy);
    free(network->no_proxy);
    free(network->ca_file);
    free(network->ca_folder);
    free(network->ca_extra);
    *network = (struct network){0};
}

/* ---- Judging */

static bool is_among(const char *host, const char *const hosts[])
{
    for (size_t i = 0; hosts[i]; i++)
        if (str_eq_nocase(str_of(host), str_of(hosts[i]))) return true;
    return false;
}

/* RFC 3927: 169.254.0.0/16 is never routed. */
static bool is_link_local(const char *host)
{
    struct in_addr address;

    return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 16 == 0xa9fe;
}

/* libcurl leaves the brackets of an IPv6 address. */
static bool is_loopback(const char *host)
{
    struct redial_str name = str_of(host);
    if (str_starts_with(name, REDIAL_STR("["))) {
        name = str_skip(name, 1);
        if (str_ends_with(name, REDIAL_STR("]"))) name.len--;
    }
    return host_is_loopback(name);
}

static bool is_local(const char *host, enum network_reach reach)
{
    static const char *const metadata[] = {"[fd00:ec2::254]", "[fd00:ec2::23]",
                                           "metadata.google.internal", NULL};

    if (is_loopback(host)) return true;
    return reach == NETWORK_METADATA && (is_link_local(host) || is_among(host, metadata));
}

struct network_place network_judge(const char *url, enum network_reach reach)
{
    struct network_place place = {0};
    CURLU *parsed = curl_url();
    char *scheme = NULL, *host = NULL;

    if (parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        place.plain = strcmp(scheme, "http") == 0;
        place.local = is_local(host, reach);
        place.allowed = strcmp(scheme, "https") == 0 || (place.plain && place.local);
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
    return place;
}

/* ---- Applying */

/* The authorities of `path` besides those that the connection trusts already. A file that cannot be
 * read adds none: the handshake then says what is missing. */
static CURLcode add_authorities(CURL *easy, void *ssl_context, void *path)
{
    (void)easy;
    (void)X509_STORE_load_file(SSL_CTX_get_cert_store(ssl_context), path);
    return CURLE_OK;
}

static bool trust(const struct network *network, CURL *easy)
{
    if (network->ca_file && curl_easy_setopt(easy, CURLOPT_CAINFO, network->ca_file) != CURLE_OK)
        return false;
    if (network->ca_folder &&
        curl_easy_setopt(easy, CURLOPT_CAPATH, network->ca_folder) != CURLE_OK)
        return false;
    return !network->ca_extra ||
           (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, add_authorities) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, network->ca_extra) == CURLE_OK);
}

bool network_apply(const struct network *network, const struct network_place *place, void *easy)
{
    const char *proxy = network->proxy && !place->local ? network->proxy : "";
    const char *no_proxy = network->no_proxy ? network->no_proxy : "";

    return curl_easy_setopt(easy, CURLOPT_PROXY, proxy) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, no_proxy) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK &&
           (place->plain || trust(network, easy));
}
