/* The load on a chat server: send stamped lines, count what is received, and measure how long it took.
 *
 * Every message contains a mark, a "`" followed by ten digits: the microseconds since the load began.
 * (Where a server has to be sent a text twice, once to keep it and once to show it, it is there twice.)
 * The mark occurs nowhere else, so that counting marks counts messages in any protocol.
 * Delays are taken from the stamp, of every stride-th message received;
 * a stamp that is split between two reads counts as a delivery, and gives no delay.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#define EVENTS 1024
#define MARK '`'
#define DIGITS 10
#define RING 65536 /* messages whose sending times are remembered: more than ever are outstanding */

struct load {
    int32_t epoll;         /* all sockets are registered there, with their descriptors as data */
    const int32_t *senders;
    int32_t sender_count;
    const char *before;    /* what a message contains before the mark, and after it */
    int32_t before_size;
    const char *between;   /* what is between the two marks of a message that has two; empty: it has one */
    int32_t between_size;
    const char *after;
    int32_t after_size;
    int32_t fanout;        /* how often each message is delivered */
    int32_t window;        /* closed loop: messages outstanding; 0: messages are sent at the rate only */
    double rate;           /* open loop: messages per second; 0: none */
    int32_t stride;
    float *delays;         /* milliseconds from sending to receiving, sampled */
    int64_t delays_size;
    float *lasts;          /* milliseconds from sending until all members must have received it */
    int64_t lasts_size;
    volatile int32_t stopped; /* set by another thread to end the run */
    /* The following fields belong to the load, and are zero at first. */
    int64_t delay_count, last_count;
    int64_t sent, delivered, completed, reads, bytes;
    int64_t origin;
    int64_t sender;
    int32_t failed;        /* errno, or -1 when a peer has closed */
    int64_t sent_at[RING];
    /* TLS: for each descriptor its session in OpenSSL, or NULL; and OpenSSL's SSL_read and SSL_write. */
    void **sessions;
    int (*tls_read)(void *session, void *data, int size);
    int (*tls_write)(void *session, const void *data, int size);
};

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void send_one(struct load *load, int64_t at) {
    char message[2048], mark[1 + DIGITS], *end = message;
    int64_t stamp = (at - load->origin) / 1000;
    for (int digit = DIGITS; digit > 0; digit--, stamp /= 10)
        mark[digit] = '0' + stamp % 10;
    mark[0] = MARK;
    end = mempcpy(end, load->before, load->before_size);
    end = mempcpy(end, mark, sizeof mark);
    if (load->between_size) {
        end = mempcpy(end, load->between, load->between_size);
        end = mempcpy(end, mark, sizeof mark);
    }
    end = mempcpy(end, load->after, load->after_size);
    ssize_t size = end - message;
    int to = load->senders[load->sender++ % load->sender_count];
    void *session = load->sessions ? load->sessions[to] : NULL;
    if ((session ? load->tls_write(session, message, size) : send(to, message, size, MSG_NOSIGNAL)) != size)
        load->failed = errno ? errno : EAGAIN;
    load->sent_at[load->sent++ % RING] = at;
}

static void count(struct load *load, const char *data, ssize_t size, int64_t now) {
    const char *end = data + size, *mark = data;
    while ((mark = memchr(mark, MARK, end - mark)) != NULL) {
        mark++;
        if (load->delivered++ % load->stride || end - mark < DIGITS || load->delay_count >= load->delays_size)
            continue;
        int64_t stamp = 0;
        for (int i = 0; i < DIGITS; i++)
            stamp = stamp * 10 + (mark[i] - '0');
        load->delays[load->delay_count++] = (now - load->origin - stamp * 1000) / 1e6;
    }
    for (; load->completed < load->delivered / load->fanout; load->completed++)
        if (load->last_count < load->lasts_size)
            load->lasts[load->last_count++] = (now - load->sent_at[load->completed % RING]) / 1e6;
}

/* Take all records that have come whole: epoll tells nothing of what OpenSSL has read from the socket. */
static void read_session(struct load *load, void *session, int from, char *data, int most) {
    int size, total = 0;
    while (total < most && (size = load->tls_read(session, data + total, most - total)) > 0)
        total += size;
    if (total) {
        load->reads++;
        load->bytes += total;
        count(load, data, total, nanoseconds());
    } else {
        char end;
        ssize_t left = recv(from, &end, 1, MSG_PEEK | MSG_DONTWAIT);
        if (left == 0 || (left < 0 && errno != EAGAIN && errno != EINTR))
            load->failed = left ? errno : -1;
        errno = 0;
    }
}

static void receive(struct load *load, int from) {
    static char data[1 << 18];
    int on = 1;
    /* A kernel that puts its acknowledgement off for 40 ms makes every server wait that has not set TCP_NODELAY:
     * with one message outstanding that would be all that is measured.  The kernel forgets the option each time. */
    if (load->window == 1)
        setsockopt(from, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    if (load->sessions && load->sessions[from]) {
        read_session(load, load->sessions[from], from, data, sizeof data);
        return;
    }
    ssize_t size = recv(from, data, sizeof data, MSG_DONTWAIT);
    if (size > 0) {
        load->reads++;
        load->bytes += size;
        count(load, data, size, nanoseconds());
    } else if (size == 0) {
        load->failed = -1;
    } else if (errno != EAGAIN && errno != EINTR) {
        load->failed = errno;
    }
}

/* Run for so many seconds; with nothing to send, until everything outstanding has arrived. */
int load_run(struct load *load, double seconds) {
    struct epoll_event events[EVENTS];
    int64_t begun = nanoseconds(), now = begun, end = begun + (int64_t)(seconds * 1e9), due = 0, paced = 0;
    if (!load->origin)
        load->origin = begun;
    errno = 0;
    for (; now < end && !load->failed && !load->stopped; now = nanoseconds()) {
        int64_t until = end;
        if (load->window) {
            while (load->sent - load->delivered / load->fanout < load->window && !load->failed)
                send_one(load, nanoseconds());
        } else if (load->rate > 0) {
            /* Stamped with the time it was due, so that a late start is seen as a delay. */
            while ((due = begun + (int64_t)(paced / load->rate * 1e9)) <= now && !load->failed) {
                send_one(load, due);
                paced++;
            }
            until = due < end ? due : end;
        } else if (load->delivered >= load->sent * load->fanout) {
            break;
        }
        int64_t wait = until > now ? until - now : 0;
        struct timespec timeout = {wait / 1000000000, wait % 1000000000};
        int ready = epoll_pwait2(load->epoll, events, EVENTS, &timeout, NULL);
        for (int i = 0; i < ready; i++)
            receive(load, events[i].data.fd);
    }
    /* If this process did not run at the end, send what was due. */
    while (!load->window && load->rate > 0 && !load->failed && !load->stopped &&
           (due = begun + (int64_t)(paced / load->rate * 1e9)) < end) {
        send_one(load, due);
        paced++;
    }
    return load->failed;
}
