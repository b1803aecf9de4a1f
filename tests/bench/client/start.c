/* How long a server takes from exec to its first reply, and how long the same binary takes to do
 * nothing:
 *
 *     start ROUNDS PROGRAM      prints both, the best of so many rounds, in µs
 *
 * Neither a shell nor curl is part of it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Its standard output is read from `*out`. */
static pid_t start(char *const arguments[], int *out)
{
    int ends[2];
    pid_t pid;

    if (pipe(ends) != 0 || (pid = fork()) < 0) exit(2);
    if (pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execv(arguments[0], arguments);
        _exit(127);
    }
    close(ends[1]);
    *out = ends[0];
    return pid;
}

static size_t read_all(int from, char *room, size_t size)
{
    size_t len = 0;
    ssize_t count;

    while (len + 1 < size && (count = read(from, room + len, size - 1 - len)) > 0)
        len += (size_t)count;
    room[len] = '\0';
    close(from);
    return len;
}

/* The first byte of a reply by the server whose environment that is. */
static void ask(const char *environment)
{
    static const char request[] = "GET /_redial/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    const char *url = strstr(environment, "REDIAL_FAKE_URL=");
    const char *port = url ? strstr(url, "127.0.0.1:") : NULL;
    struct sockaddr_in address = {.sin_family = AF_INET};
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    char byte;

    if (!port) exit(2);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)atoi(port + strlen("127.0.0.1:")));
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0 ||
        send(connection, request, sizeof request - 1, 0) < 0 || recv(connection, &byte, 1, 0) != 1)
        exit(2);
    close(connection);
}

static int64_t serve_once(char *program)
{
    char *const arguments[] = {program, "fake", "--quiet", "--env", "dotenv", NULL};
    static char environment[65536];
    int64_t began = now_us(), took;
    int out;
    pid_t pid = start(arguments, &out);

    (void)read_all(out, environment, sizeof environment);
    ask(environment);
    took = now_us() - began;
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    return took;
}

static int64_t do_nothing(char *program)
{
    char *const arguments[] = {program, "version", NULL};
    char said[4096];
    int64_t began = now_us();
    int out;
    pid_t pid = start(arguments, &out);

    if (read_all(out, said, sizeof said) == 0) exit(2);
    waitpid(pid, NULL, 0);
    return now_us() - began;
}

int main(int count, char **arguments)
{
    int64_t best = INT64_MAX, nothing = INT64_MAX, took;

    if (count != 3) return 2;
    for (int i = atoi(arguments[1]); i > 0; i--) {
        if ((took = serve_once(arguments[2])) < best) best = took;
        if ((took = do_nothing(arguments[2])) < nothing) nothing = took;
    }
    printf("%lld %lld\n", (long long)best, (long long)nothing);
    return 0;
}
