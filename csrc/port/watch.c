/*
 * watch.c - which descriptors of a world wake whom. Called by net_posix.c and resolver.c as they
 * open descriptors, by host.c to wait, by loop.c to join. A closed descriptor leaves every epoll by
 * itself, so a copy of this process after fork() can close its copies without disturbing the
 * original.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "world.h"

enum { EDGES = EPOLLIN | EPOLLOUT | EPOLLRDHUP | (int)EPOLLET };

static int list(const struct world *w, int fds[SPWF_SOCKETS + 1]) {
    int n = 0;
    for (int i = 0; i < SPWF_SOCKETS; i++) {
        if (w->sockets[i].fd >= 0) {
            fds[n++] = w->sockets[i].fd;
        }
    }
    if (w->resolver.lookup != NULL) {
        fds[n++] = spwf_lookup_fd(w->resolver.lookup);
    }
    return n;
}

static int enrol(int epoll, int fd, uint64_t tag) {
    struct epoll_event event = {.events = (uint32_t)EDGES, .data = {.u64 = tag}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

static int enrol_all(const struct world *w, int epoll, uint64_t tag) {
    int fds[SPWF_SOCKETS + 1];
    int error = 0;
    for (int n = list(w, fds); n > 0 && error == 0; n--) {
        error = enrol(epoll, fds[n - 1], tag);
    }
    return error;
}

void spwf_watch_start(struct watch *w) {
    *w = (struct watch){.own = -1, .wake = -1, .loop = -1};
}

bool spwf_watch_needed(const struct world *w) {
    int fds[SPWF_SOCKETS + 1];
    return list(w, fds) > 0;
}

bool spwf_watch_add(struct world *w, int fd) {
    int error = 0;
    if (w->watch.own >= 0) {
        error = enrol(w->watch.own, fd, 0);
    }
    if (w->watch.loop >= 0 && error == 0) {
        error = enrol(w->watch.loop, fd, w->watch.tag);
    }
    if (error != 0) {
        w->error = error;
    }
    return error == 0;
}

int spwf_watch_open(struct world *w) {
    if (w->watch.own >= 0) {
        return 0;
    }
    int own = epoll_create1(EPOLL_CLOEXEC);
    int wake = own >= 0 ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    int error = wake < 0 ? errno : enrol(own, wake, 1);
    if (error == 0) {
        error = enrol_all(w, own, 0);
    }
    if (error != 0) {
        if (own >= 0) {
            close(own);
        }
        if (wake >= 0) {
            close(wake);
        }
        return error;
    }
    w->watch.own = own;
    w->watch.wake = wake;
    return 0;
}

int spwf_watch_join(struct world *w, int loop, uint64_t tag) {
    w->watch.loop = loop;
    w->watch.tag = tag;
    int error = enrol_all(w, loop, tag);
    if (error != 0) {
        spwf_watch_leave(w);
    }
    return error;
}

void spwf_watch_leave(struct world *w) {
    int fds[SPWF_SOCKETS + 1];
    for (int n = list(w, fds); n > 0; n--) {
        epoll_ctl(w->watch.loop, EPOLL_CTL_DEL, fds[n - 1], NULL);
    }
    w->watch.loop = -1;
}

void spwf_watch_close(struct world *w) {
    if (w->watch.own >= 0) {
        close(w->watch.own);
        close(w->watch.wake);
        w->watch.own = w->watch.wake = -1;
    }
}
