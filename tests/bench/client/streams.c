/* Reads many streams at once and says how late their events are.
 *
 *     streams PORT KEY STREAMS PACE_MS
 *
 * Each stream's own first delta sets its clock: the n-th is due n paces later. Prints streams,
 * deltas, and the lateness in milliseconds: median, 99th percentile, largest, and the median of the
 * last tenth, which grows when the server falls behind. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct stream {
    int socket;
    size_t matched; /* bytes of `mark` seen so far */
    long deltas;
    double first_at;
    int whole; /* message_stop came */
    char tail[32];
};

static const char mark[] = "event: content_block_delta";
static float *late; /* ms, in order of arrival */
static size_t late_count, late_room;

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void note(double ms)
{
    if (late_count == late_room) {
        late_room = late_room ? 2 * late_room : 65536;
        late = realloc(late, late_room * sizeof *late);
        if (!late) exit(1);
    }
    late[late_count++] = (float)(ms > 0 ? ms : 0);
}

static void see(struct stream *stream, const char *bytes, ssize_t count, double pace)
{
    double at = now_ms();
    for (ssize_t i = 0; i < count; i++) {
        stream->matched = bytes[i] == mark[stream->matched] ? stream->matched + 1 : bytes[i] == mark[0];
        if (stream->matched < sizeof mark - 1) continue;
        stream->matched = 0;
        if (stream->deltas == 0) stream->first_at = at;
        note(at - stream->first_at - (double)stream->deltas++ * pace);
    }
    if (memmem(bytes, (size_t)count, "message_stop", 12)) stream->whole = 1;
}

static int open_stream(struct stream *stream, const char *port, const char *request)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port)),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    stream->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(stream->socket, (struct sockaddr *)&address, sizeof address) != 0) return -1;
    if (write(stream->socket, request, strlen(request)) < 0) return -1;
    return fcntl(stream->socket, F_SETFL, O_NONBLOCK);
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double share(float *values, size_t count, double part)
{
    qsort(values, count, sizeof *values, by_size);
    return count ? (double)values[(size_t)((double)(count - 1) * part)] : 0;
}

int main(int argc, char **argv)
{
    if (argc != 5) return 2;
    int count = atoi(argv[3]), open_count = count, epoll = epoll_create1(0);
    double pace = atof(argv[4]);
    struct stream *streams = calloc((size_t)count, sizeof *streams);
    char request[2048], body[256], bytes[65536];
    snprintf(body, sizeof body, "{\"model\":\"claude-opus-4-6\",\"max_tokens\":1000,\"stream\":true,\"messages\":"
                                "[{\"role\":\"user\",\"content\":\"hello there\"}]}");
    snprintf(request, sizeof request,
             "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: %s\r\nanthropic-version: 2023-06-01\r\n"
             "content-type: application/json\r\ncontent-length: %zu\r\n\r\n%s", argv[2], strlen(body), body);
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = &streams[i]}};
        if (open_stream(&streams[i], argv[1], request) != 0) return 1;
        epoll_ctl(epoll, EPOLL_CTL_ADD, streams[i].socket, &event);
    }
    while (open_count > 0) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, 30000);
        if (ready <= 0) break;
        for (int i = 0; i < ready; i++) {
            struct stream *stream = events[i].data.ptr;
            ssize_t got = read(stream->socket, bytes, sizeof bytes);
            if (got > 0) see(stream, bytes, got, pace);
            if (got > 0 && !stream->whole) continue;
            close(stream->socket);
            open_count--;
        }
    }
    long whole = 0;
    for (int i = 0; i < count; i++) whole += streams[i].whole;
    size_t tenth = late_count / 10;
    double end = share(late + late_count - tenth, tenth, 0.5);
    double median = share(late, late_count, 0.5), most = share(late, late_count, 0.99), largest = share(late, late_count, 1);
    printf("%ld %zu %.1f %.1f %.1f %.1f\n", whole, late_count, median, most, largest, end);
    return whole == count ? 0 : 1;
}
