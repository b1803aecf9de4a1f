/* The fakes as a server when memory is out: whichever allocation fails, the client has an answer or
 * an end, and nothing is left. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulator/serve/fakes.h"
#include "tests/support/failing_memory.h"

#define MOVES_MAX 400 /* of 5 ms: who has nothing by then waits for ever */

static struct redial_str variable(const struct fakes *fakes, const char *name)
{
    const struct fakes_variable *list;
    size_t count = fakes_environment(fakes, &list);

    for (size_t i = 0; i < count; i++)
        if (str_is(list[i].name, name)) return list[i].value;
    return (struct redial_str){"", 0};
}

static int connect_to(struct redial_str url)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    const char *port = memrchr(url.ptr, ':', url.len);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_port = htons((uint16_t)strtoul(port + 1, NULL, 10));
    cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

/* Reads what there is. Whether its connection has ended, as was asked for. */
static bool has_ended(int client)
{
    static char seen[65536];
    ssize_t len;

    while ((len = recv(client, seen, sizeof seen, MSG_DONTWAIT)) > 0) {}
    return len == 0 || errno != EAGAIN;
}

/* One request over a connection of its own. False: neither answer nor end. */
static bool ask(struct fakes *fakes, const char *coding, const char *body)
{
    struct redial_str key = variable(fakes, "ANTHROPIC_API_KEY");
    int client = connect_to(variable(fakes, "ANTHROPIC_BASE_URL"));
    char request[2048];
    bool came = false;
    int len = snprintf(request, sizeof request,
                       "POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: %.*s\r\n"
                       "anthropic-version: 2023-06-01\r\naccept-encoding: %s\r\n"
                       "connection: close\r\ncontent-length: %zu\r\n\r\n%s",
                       REDIAL_STR_ARG(key), coding, strlen(body), body);

    cr_assert_eq(send(client, request, (size_t)len, MSG_NOSIGNAL), len);
    for (int i = 0; i < MOVES_MAX && !came; i++) {
        (void)fakes_move(fakes, i == 0 ? 0 : 5);
        came = has_ended(client);
    }
    close(client);
    (void)fakes_move(fakes, 0);
    return came;
}

static bool ask_all(struct fakes *fakes)
{
    static const char whole[] =
        "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\","
        "\"content\":\"hello\"}]}";
    static const char stream[] = "{\"model\":\"m\",\"max_tokens\":9,\"stream\":true,\"messages\":[{"
                                 "\"role\":\"user\",\"content\":\"hello again\"}]}";

    for (int i = 0; i < 2; i++) /* what is remembered is answered in another way */
        if (!ask(fakes, "gzip", whole)) return false;
    return ask(fakes, "identity", whole) && ask(fakes, "gzip", stream) &&
           ask(fakes, "identity", stream) && ask(fakes, "gzip", "{");
}

Test(fakes, survive_every_allocation_that_fails, .timeout = 120)
{
    const struct fakes_options options = {.only_platforms = true, .seed = 7, .seed_given = true};
    bool failed = true;

    for (size_t nth = 1; failed; nth++) {
        struct text why = TEXT_INIT;
        bool came = true;
        failing_memory_begin(nth);
        struct fakes *fakes = fakes_start(&options, NULL, &why);
        bool started = fakes != NULL;
        if (fakes) came = ask_all(fakes);
        fakes_stop(fakes);
        text_clean_up(&why);
        failed = failing_memory_end();
        cr_assert(came, "a client waits for ever when allocation %zu fails", nth);
        cr_assert(started || failed);
        cr_assert_eq(failing_memory_live(), 0, "%ld left when allocation %zu fails",
                     failing_memory_live(), nth);
    }
}
