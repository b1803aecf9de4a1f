/* Errands for real: files, commands and requests, each with its bounds, none of which may hold the
 * loop or leave anything behind. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/errands.h"
#include "redial/redial.h"

static struct timers timers;
static struct errands errands;
static struct errand_run run;
static char folder[64];
static bool answered;

static void note_answer(void *context)
{
    (void)context;
    answered = true;
}

static void start(void)
{
    timers = (struct timers){0};
    errands = (struct errands){.client = client_new(), .timers = &timers};
    run = (struct errand_run){.errands = &errands, .done = note_answer};
    cr_assert(errands.client);
    snprintf(folder, sizeof folder, "/tmp/redial-errands-XXXXXX");
    cr_assert(mkdtemp(folder));
}

static void stop(void)
{
    char command[96];

    errand_clean_up(&run);
    client_destroy(errands.client);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(errands, .init = start, .fini = stop, .timeout = 30);

static int milliseconds_left(void)
{
    int64_t due = timers_due(&timers), left = due - clock_steady();

    return due == INT64_MAX || left > NS_PER_SECOND ? 1000
           : left < 0                               ? 0
                                                    : (int)(left / NS_PER_MS) + 1;
}

static const struct errand_answer *do_errand(const struct errand *errand)
{
    answered = errand_begin(&run, errand);
    while (!answered) {
        client_wait(errands.client, NULL, 0, milliseconds_left());
        cr_assert(client_move(errands.client));
        timers_ring(&timers, clock_steady());
    }
    return &run.answer;
}

static struct redial_str path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return str_of(path);
}

static void put_file(const char *name, const char *contents, mode_t mode)
{
    FILE *file = fopen(path_of(name).ptr, "w");

    cr_assert(file);
    fputs(contents, file);
    fclose(file);
    cr_assert_eq(chmod(path_of(name).ptr, mode), 0);
}

/* ---- Files */

static const struct errand_answer *read_file(const char *name)
{
    static struct errand errand;

    errand = (struct errand){.kind = ERRAND_FILE, .path = path_of(name)};
    return do_errand(&errand);
}

Test(errands, reads_a_file_with_its_mode)
{
    put_file("token", "secret\n", 0640);
    const struct errand_answer *answer = read_file("token");
    cr_expect(str_is(answer->body, "secret\n"));
    cr_expect_eq(answer->mode, 0640);
    cr_expect_eq(answer->failed.len, 0);
}

Test(errands, a_missing_file_is_no_error)
{
    const struct errand_answer *answer = read_file("nothing/here");
    cr_expect(answer->missing);
    cr_expect_eq(answer->failed.len, 0);
}

Test(errands, a_directory_is_no_file)
{
    const struct errand_answer *answer = read_file(".");
    cr_expect_not(answer->missing);
    cr_expect(str_is(answer->failed, "it is a directory, not a file"));
}

Test(errands, a_pipe_is_no_file_and_does_not_hold_the_loop)
{
    cr_assert_eq(mkfifo(path_of("pipe").ptr, 0600), 0);
    cr_expect(str_is(read_file("pipe")->failed, "it is special, not a file"));
}

Test(errands, a_file_beyond_the_bound_is_refused)
{
    put_file("large", "", 0600);
    cr_assert_eq(truncate(path_of("large").ptr, ERRAND_BYTES_MAX), 0);
    cr_expect_eq(read_file("large")->body.len, ERRAND_BYTES_MAX);
    cr_assert_eq(truncate(path_of("large").ptr, ERRAND_BYTES_MAX + 1), 0);
    cr_expect(str_is(read_file("large")->failed, "it is longer than 1 MiB"));
}

Test(errands, writes_in_one_piece_for_the_owner_alone)
{
    static struct errand errand;
    struct stat facts;

    put_file("cache", "old", 0644);
    errand = (struct errand){
        .kind = ERRAND_WRITE, .path = path_of("cache"), .contents = REDIAL_STR("new")};
    cr_expect_eq(do_errand(&errand)->failed.len, 0);
    cr_assert_eq(stat(path_of("cache").ptr, &facts), 0);
    cr_expect_eq(facts.st_mode & 07777, 0600);
    cr_expect(str_is(read_file("cache")->body, "new"));
    errand.path = path_of("no/such/folder");
    cr_expect(str_is(do_errand(&errand)->failed, "No such file or directory"));
}

/* ---- Commands */

static const struct errand_answer *command(const char *line, int64_t timeout)
{
    static struct errand errand;

    errand = (struct errand){.kind = ERRAND_COMMAND, .command = str_of(line), .timeout = timeout};
    return do_errand(&errand);
}

static void expect_no_child(void)
{
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left");
    cr_expect_eq(errno, ECHILD);
}

Test(errands, a_command_gives_output_errors_and_status)
{
    const struct errand_answer *answer =
        command("echo \"$((1 + 1))\"; echo oops >&2; exit 3", NS_PER_MINUTE);
    cr_expect(str_is(answer->body, "2\n"));
    cr_expect(str_is(answer->errors, "oops"));
    cr_expect_eq(answer->exit_status, 3);
    cr_expect_eq(answer->failed.len, 0);
    expect_no_child();
}

Test(errands, a_command_reads_nothing_and_has_the_given_environment)
{
    const struct redial_env values[] = {{"GIVEN", "yes"}, {NULL, NULL}};

    errands.environment = values;
    const struct errand_answer *answer = command("/bin/cat; echo $GIVEN$HOME", NS_PER_MINUTE);
    cr_expect(str_is(answer->body, "yes\n"), "%.*s", REDIAL_STR_ARG(answer->body));
}

Test(errands, a_command_that_does_not_exist_is_missing)
{
    static const char *const argv[] = {"redial-no-such-command", NULL};
    static const struct errand errand = {
        .kind = ERRAND_COMMAND, .argv = argv, .timeout = NS_PER_MINUTE};

    cr_expect(do_errand(&errand)->missing);
    expect_no_child();
}

/* A process that nobody has fetched yet is dead all the same. */
static bool lives(pid_t pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file) return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 'Z';
    fclose(file);
    return state != 'Z';
}

Test(errands, a_command_that_hangs_goes_with_all_that_it_started)
{
    const struct errand_answer *answer = command("sleep 1000 & echo $!; wait", 200 * NS_PER_MS);
    cr_expect(str_is(answer->failed, "timed out after 200ms"), "%.*s",
              REDIAL_STR_ARG(answer->failed));
    struct redial_str printed = str_trim(text_str(&run.body));
    int64_t child = 0;
    cr_assert(str_to_int64(printed, &child));
    for (int i = 0; i < 1000 && lives((pid_t)child); i++) usleep(1000);
    cr_expect_not(lives((pid_t)child), "its child lives on");
    expect_no_child();
}

Test(errands, a_command_that_leaves_a_child_behind_is_done_all_the_same)
{
    const struct errand_answer *answer = command("sleep 3 & echo here", NS_PER_MINUTE);
    cr_expect(str_is(answer->body, "here\n"));
    cr_expect_eq(answer->failed.len, 0);
}

Test(errands, a_command_that_prints_without_end_is_stopped)
{
    const struct errand_answer *answer = command("yes", NS_PER_MINUTE);
    cr_expect(str_is(answer->failed, "it printed more than 1 MiB"));
    expect_no_child();
}

Test(errands, of_a_commands_complaints_the_end_is_kept)
{
    const struct errand_answer *answer = command(
        "i=0; while [ $i -lt 2000 ]; do echo line $i >&2; i=$((i+1)); done; exit 1", NS_PER_MINUTE);
    cr_expect(str_ends_with(answer->errors, REDIAL_STR("line 1999")));
    cr_expect_leq(answer->errors.len, 2048);
}

Test(errands, a_command_that_a_signal_ends_says_so)
{
    cr_expect(str_is(command("kill -9 $$", NS_PER_MINUTE)->failed, "signal 9 ended it"));
}

Test(errands, cleaning_up_ends_a_command_under_way)
{
    static const struct errand errand = {
        .kind = ERRAND_COMMAND, .command = REDIAL_STR_INIT("sleep 1000"), .timeout = NS_PER_MINUTE};

    cr_assert_not(errand_begin(&run, &errand));
    errand_clean_up(&run);
    expect_no_child();
}

/* ---- Time */

Test(errands, a_pause_takes_its_time_and_is_no_failure)
{
    static const struct errand errand = {.kind = ERRAND_PAUSE, .timeout = 30 * NS_PER_MS};
    int64_t began = clock_steady();

    cr_expect_eq(do_errand(&errand)->failed.len, 0);
    cr_expect_geq(clock_steady() - began, 30 * NS_PER_MS);
}

/* ---- Requests */

static int listener;
static char url[64];

static void listen_here(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;

    listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, len), 0);
    cr_assert_eq(listen(listener, 8), 0);
    getsockname(listener, (struct sockaddr *)&address, &len);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/token", ntohs(address.sin_port));
}

/* Answers one request in a process of its own: with `head`, and the request's first line as body.
 */
static pid_t answer_with(const char *head, bool hang)
{
    pid_t child = fork();

    if (child != 0) return child;
    char asked[4096];
    int connection = accept(listener, NULL, NULL);
    ssize_t got = read(connection, asked, sizeof asked - 1);
    asked[got > 0 ? got : 0] = '\0';
    *strchrnul(asked, '\r') = '\0';
    if (hang) sleep(20);
    dprintf(connection, "%s\r\n%s", head, asked);
    close(connection);
    _exit(0);
}

static const struct errand_answer *ask(const char *method, int64_t timeout)
{
    static struct errand errand;

    errand = (struct errand){
        .kind = ERRAND_HTTP, .timeout = timeout, .request = {.method = method, .url = str_of(url)}};
    return do_errand(&errand);
}

struct method_case {
    char method[8], line[32];
};

ParameterizedTestParameters(errands, a_request_has_its_method)
{
    static struct method_case cases[] = {
        {"GET", "GET /token HTTP/1.1"},
        {"PUT", "PUT /token HTTP/1.1"},
        {"POST", "POST /token HTTP/1.1"},
    };
    return cr_make_param_array(struct method_case, cases, REDIAL_COUNT_OF(cases));
}

ParameterizedTest(struct method_case *c, errands, a_request_has_its_method)
{
    listen_here();
    pid_t child = answer_with("HTTP/1.1 200 OK\r\nx-kept: yes\r\nconnection: close\r\n", false);
    const struct errand_answer *answer = ask(c->method, NS_PER_MINUTE);
    cr_expect_eq(answer->failed.len, 0, "%.*s", REDIAL_STR_ARG(answer->failed));
    cr_expect_eq(answer->status, 200);
    cr_expect(str_is(answer->body, c->line), "%.*s", REDIAL_STR_ARG(answer->body));
    cr_assert_eq(answer->header_count, 2);
    cr_expect(str_is(answer->headers[0].name, "x-kept"));
    cr_expect(str_is(answer->headers[0].value, "yes"));
    waitpid(child, NULL, 0);
    close(listener);
}

Test(errands, a_redirect_is_not_followed)
{
    listen_here();
    pid_t child = answer_with(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n", false);
    cr_expect_eq(ask("GET", NS_PER_MINUTE)->status, 302);
    waitpid(child, NULL, 0);
    close(listener);
}

Test(errands, a_server_that_hangs_times_out)
{
    listen_here();
    pid_t child = answer_with("", true);
    cr_expect(str_is(ask("GET", 100 * NS_PER_MS)->failed, "timed out after 100ms"));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(listener);
}

Test(errands, nobody_there_is_said_in_words)
{
    listen_here();
    close(listener);
    const struct errand_answer *answer = ask("GET", NS_PER_MINUTE);
    cr_expect(str_starts_with(answer->failed, REDIAL_STR("ECONNREFUSED: ")), "%.*s",
              REDIAL_STR_ARG(answer->failed));
}

Test(errands, plain_http_goes_no_further_than_metadata_servers)
{
    snprintf(url, sizeof url, "http://example.com/token");
    cr_expect(str_is(ask("GET", NS_PER_MINUTE)->failed,
                     "the URL is neither https nor on this machine: a credential would travel in "
                     "plain text"));
}
