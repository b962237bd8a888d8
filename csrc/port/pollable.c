/*
 * pollable.c - one descriptor for select(), poll() and asyncio that stands for a module: readable
 * when its network has news, when a delay of its own has ended, or when output waits. Called by
 * host.c and, for Core.fileno(), by csrc/python. Made only for those who ask: it costs five
 * descriptors.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "host.h"

static bool enrol(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

int spwf_pollable_fileno(struct host *h) {
    if (h->fileno >= 0) {
        return h->fileno;
    }
    errno = spwf_watch_open(&h->world);
    if (errno != 0) {
        return -1;
    }
    h->fileno = epoll_create1(EPOLL_CLOEXEC);
    h->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    h->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (h->fileno < 0 || h->timer < 0 || h->ready < 0 || !enrol(h->fileno, h->timer) ||
        !enrol(h->fileno, h->ready) || !enrol(h->fileno, h->world.watch.own)) {
        int error = errno;
        spwf_pollable_close(h);
        errno = error;
        return -1;
    }
    spwf_pollable_update(h);
    return h->fileno;
}

void spwf_pollable_drain(struct host *h) {
    struct epoll_event events[SPWF_SOCKETS + 2];
    if (h->fileno >= 0 && !h->leading) {
        epoll_wait(h->world.watch.own, events, SPWF_SOCKETS + 2, 0);
    }
}

void spwf_pollable_update(struct host *h) {
    if (h->fileno < 0) {
        return;
    }
    struct itimerspec at = {0};
    eventfd_t count;
    if (h->due != HOST_NEVER) {
        at.it_value.tv_sec = (time_t)(h->due / 1000000000u);
        at.it_value.tv_nsec = (long)(h->due % 1000000000u);
    }
    timerfd_settime(h->timer, TFD_TIMER_ABSTIME, &at, NULL);
    if (h->output.used > 0) {
        eventfd_write(h->ready, 1);
    } else {
        eventfd_read(h->ready, &count);
    }
}

void spwf_pollable_close(struct host *h) {
    int *fds[] = {&h->fileno, &h->timer, &h->ready};
    for (int i = 0; i < 3; i++) {
        if (*fds[i] >= 0) {
            close(*fds[i]);
            *fds[i] = -1;
        }
    }
}
