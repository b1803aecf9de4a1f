/* Records as DogStatsD datagrams: a count, the attempt's duration and the wait after it, with their
 * tags. UDP to an agent that may not be there: what cannot be sent at once is lost. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/environment.h"
#include "redial/redial.h"

#define DATAGRAM_BYTES_MAX 1432 /* what crosses every network in one piece */
#define TAG_BYTES_MAX      120  /* a longer value is cut */
#define TAGS_BYTES_MAX     (4 * TAG_BYTES_MAX)

struct redial_dogstatsd {
    int socket; /* connected */
};

/* ---- Making ---- */

static int connect_to(const struct addrinfo *address)
{
    int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int made = socket(address->ai_family, type, 0);
    if (made < 0) return -1;
    if (connect(made, address->ai_addr, address->ai_addrlen) == 0) return made;
    close(made);
    return -1;
}

static int open_socket(const char *host, const char *port)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *found, *next;
    int made = -1;
    if (getaddrinfo(host, port, &wanted, &found) != 0) return -1;
    for (next = found; next && made < 0; next = next->ai_next) made = connect_to(next);
    freeaddrinfo(found);
    return made;
}

static bool copy(struct redial_str text, char *out, size_t size)
{
    if (text.len >= size) return false;
    if (text.len > 0) memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

struct redial_dogstatsd *redial_dogstatsd_new(const struct redial_env *environment,
                                              struct redial_str *why)
{
    struct redial_str named = environment_get(environment, REDIAL_STR("DD_AGENT_HOST"));
    struct redial_str port = environment_get(environment, REDIAL_STR("DD_DOGSTATSD_PORT"));
    char host[256], service[6];
    *why = REDIAL_STR("DD_AGENT_HOST names no host: telemetry goes nowhere");
    if (named.len == 0) return NULL;
    *why = REDIAL_STR("DD_AGENT_HOST and DD_DOGSTATSD_PORT name no host and port that are found");
    if (!copy(named, host, sizeof host) ||
        !copy(port.len > 0 ? port : REDIAL_STR("8125"), service, sizeof service))
        return NULL;
    int made = open_socket(host, service);
    if (made < 0) return NULL;
    struct redial_dogstatsd *sink = calloc(1, sizeof *sink);
    *why = REDIAL_STR("memory is out");
    if (sink)
        sink->socket = made;
    else
        close(made);
    return sink;
}

void redial_dogstatsd_destroy(struct redial_dogstatsd *sink)
{
    if (!sink) return;
    close(sink->socket);
    free(sink);
}

/* ---- Sending ---- */

/* The characters that part tags, metrics and lines become '_'. */
static void write_tag(struct redial_str value, char out[TAG_BYTES_MAX + 1])
{
    size_t len = value.len < TAG_BYTES_MAX ? value.len : TAG_BYTES_MAX;
    for (size_t i = 0; i < len; i++) {
        char c = value.ptr[i];
        bool parts = (unsigned char)c <= 0x20 || c == ',' || c == '|' || c == '#' || c == 0x7f;
        out[i] = (char)(parts ? '_' : c);
    }
    out[len] = '\0';
}

static int write_tags(const struct redial_telemetry *record, char *out, size_t size)
{
    char provider[TAG_BYTES_MAX + 1], model[TAG_BYTES_MAX + 1], rule[TAG_BYTES_MAX + 1];
    write_tag(record->provider, provider);
    write_tag(record->model, model);
    write_tag(record->rule, rule);
    return snprintf(out, size, "provider:%s,model:%s,class:%s,status:%u,attempt:%d%s%s", provider,
                    model, redial_class_name((enum redial_class)record->class),
                    (unsigned)record->status, record->attempt, rule[0] ? ",rule:" : "", rule);
}

void redial_dogstatsd_send(void *context, const struct redial_telemetry *record)
{
    const struct redial_dogstatsd *sink = context;
    char tags[2 * TAGS_BYTES_MAX], datagram[4 * TAGS_BYTES_MAX];
    double duration = (double)record->duration / NS_PER_MS,
           delay = (double)record->delay / NS_PER_MS;
    int len = write_tags(record, tags, sizeof tags);
    if (len < 0 || (size_t)len >= sizeof tags) return;
    len = snprintf(datagram, sizeof datagram,
                   "redial.attempts:1|c|#%s\nredial.attempt.duration:%.3f|ms|#%s", tags, duration,
                   tags);
    if (len < 0 || len > DATAGRAM_BYTES_MAX) return;
    if (record->delay > 0) {
        int more = snprintf(datagram + len, sizeof datagram - (size_t)len,
                            "\nredial.attempt.delay:%.3f|ms|#%s", delay, tags);
        if (more > 0 && len + more <= DATAGRAM_BYTES_MAX) len += more;
    }
    (void)send(sink->socket, datagram, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
}
