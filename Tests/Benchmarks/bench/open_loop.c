// Sends HTTP requests at fixed times over keep-alive connections, and prints how long after their time each was
// answered: open_loop PORT FILE RATE SECONDS CONNECTIONS. A request whose time has come waits for a free
// connection, and its wait counts. FILE: requests, each ended by a zero byte. It polls, on a core of its own.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_connections = 512, answer_size = 65536 };

struct connection {
    int fd;
    uint64_t due;
    size_t held;
    char answer[answer_size];
};

static struct connection connections[most_connections];

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static char **read_requests(const char *path, size_t *count) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    char **requests = NULL;
    size_t size = 0;
    char *text = NULL;
    *count = 0;
    while (getdelim(&text, &size, 0, file) > 0) {
        requests = realloc(requests, (*count + 1) * sizeof *requests);
        requests[(*count)++] = text;
        text = NULL;
        size = 0;
    }
    fclose(file);
    if (!*count) fail("no requests");
    return requests;
}

static int open_connection(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

// Whether the whole answer is there. Anything but 200 ends the run.
static int is_whole(struct connection *connection) {
    connection->answer[connection->held] = 0;
    char *end = strstr(connection->answer, "\r\n\r\n");
    if (!end) return 0;
    if (strncmp(connection->answer, "HTTP/1.1 200", 12)) {
        fprintf(stderr, "answered: %.60s\n", connection->answer);
        exit(1);
    }
    char *length = strcasestr(connection->answer, "\r\ncontent-length:");
    if (!length || length > end) {
        fprintf(stderr, "an answer without a length\n");
        exit(1);
    }
    return connection->held >= (size_t)(end - connection->answer) + 4 + strtoul(length + 17, NULL, 10);
}

static int by_size(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "open_loop PORT FILE RATE SECONDS CONNECTIONS\n");
        return 2;
    }
    size_t request_count;
    char **requests = read_requests(argv[2], &request_count);
    double rate = atof(argv[3]);
    size_t total = (size_t)(rate * atof(argv[4])), done = 0, sent = 0;
    int count = atoi(argv[5]), idle_count = 0, idle[most_connections];
    if (count < 1 || count > most_connections || !total) return 2;
    uint64_t *latencies = malloc(total * sizeof *latencies);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int index = 0; index < count; index++) {
        connections[index].fd = open_connection(atoi(argv[1]));
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[index].fd, &event);
        idle[idle_count++] = index;
    }
    double gap = 1e9 / rate;
    uint64_t start = now() + 1000000, give_up = start + (uint64_t)(total * gap) + 10000000000u;
    size_t at = 0;
    while (done < total) {
        uint64_t time = now();
        if (time > give_up) {
            fprintf(stderr, "%zu of %zu answers did not come\n", total - done, total);
            return 1;
        }
        while (sent < total && idle_count && start + (uint64_t)(sent * gap) <= time) {
            struct connection *connection = &connections[idle[--idle_count]];
            at = (at + 7919) % request_count;
            size_t length = strlen(requests[at]);
            connection->due = start + (uint64_t)(sent++ * gap);
            connection->held = 0;
            if (send(connection->fd, requests[at], length, MSG_NOSIGNAL) != (ssize_t)length) fail("send");
        }
        struct epoll_event events[64];
        int ready = epoll_wait(epoll, events, 64, 0);
        for (int index = 0; index < ready; index++) {
            struct connection *connection = &connections[events[index].data.u32];
            ssize_t got = recv(
                connection->fd, connection->answer + connection->held, answer_size - 1 - connection->held,
                MSG_DONTWAIT);
            if (got <= 0 && errno == EAGAIN) continue;
            if (got <= 0) fail("the server closed a connection");
            connection->held += (size_t)got;
            if (!is_whole(connection)) continue;
            latencies[done++] = now() - connection->due;
            idle[idle_count++] = (int)events[index].data.u32;
        }
    }
    qsort(latencies, total, sizeof *latencies, by_size);
    printf(
        "{\"count\": %zu, \"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}\n", total,
        latencies[total / 2] / 1e3, latencies[total * 9 / 10] / 1e3, latencies[total * 99 / 100] / 1e3,
        latencies[total * 999 / 1000] / 1e3, latencies[total - 1] / 1e3);
    return 0;
}
