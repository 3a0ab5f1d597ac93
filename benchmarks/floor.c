/* The floor: the least work a single-threaded server can do that sends every message to everybody.
 *
 * Once per turn, everything the senders have said is sent unchanged to each member with one call.
 * It has no names, no rooms and no limits, and stores nothing; a member that does not read loses lines.
 * The first connections are the members (their number is the second argument), later ones only send.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 1024
#define TURN (1 << 20)

static char said[TURN];

/* Close a connection, and return how many members are left. */
static int forget(int *sockets, int members, int gone) {
    close(gone);
    for (int i = 0; i < members; i++)
        if (sockets[i] == gone)
            sockets[i--] = sockets[--members];
    return members;
}

int main(int count, char **arguments) {
    if (count != 3)
        return 2;
    int members = 0, most = atoi(arguments[2]), on = 1;
    int *sockets = malloc(sizeof(int) * (most + 1));
    int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1]))};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (sockets == NULL || bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 1024))
        return 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        size_t size = 0;
        for (int i = 0; i < ready; i++) {
            int from = events[i].data.fd;
            if (from == listener) {
                int peer = accept(listener, NULL, NULL);
                setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                event.data.fd = peer;
                epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event);
                if (members < most)
                    sockets[members++] = peer;
                if (send(peer, "welcome\n", 8, MSG_NOSIGNAL) < 0)
                    close(peer);
                continue;
            }
            ssize_t got = recv(from, said + size, TURN - size, MSG_DONTWAIT);
            if (got > 0)
                size += got;
            else if (got == 0)
                members = forget(sockets, members, from);
        }
        if (size)
            for (int i = 0; i < members; i++)
                if (send(sockets[i], said, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                    continue;
    }
}
