/*
 * lookup.c - names to IPv4 addresses without making anybody wait: getaddrinfo() in a few threads.
 * Called by resolver.c and net_posix.c; the pool is made by whoever makes worlds.
 *
 * A lookup belongs to its owner and to the pool at once, so the owner may drop it at any time: a
 * thread that is inside getaddrinfo() finishes on memory that is still its own. Results are told by
 * an eventfd, which a world watches as it watches its sockets. Threads are started as lookups queue
 * up, at most THREADS of them, and end after IDLE seconds without work; they take no signals.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

enum { THREADS = 8, IDLE = 2, STACK = 256 * 1024 };

struct lookup {
    struct lookup_pool *pool;
    struct lookup *next; /* in the pool's queue */
    int fd;
    int answer;
    uint8_t ip[4];
    bool queued, dropped; /* in the queue; its owner is gone */
    char name[256];
};

struct lookup_pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct lookup *first, **last;
    int queued, threads, idle; /* an idle one that was woken is idle until it has the lock */
    bool released;
    pid_t process; /* threads do not follow a fork() */
};

static void start_over(struct lookup_pool *pool) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->work, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&pool->lock, NULL);
    pool->first = NULL;
    pool->last = &pool->first;
    pool->queued = pool->threads = pool->idle = 0;
    pool->process = getpid();
}

struct lookup_pool *spwf_lookup_pool_new(void) {
    struct lookup_pool *pool = calloc(1, sizeof *pool);
    if (pool != NULL) {
        start_over(pool);
    }
    return pool;
}

/* Unlocks; the last one out frees the pool. */
static void leave(struct lookup_pool *pool) {
    bool last = pool->released && pool->threads == 0;
    pthread_mutex_unlock(&pool->lock);
    if (last) {
        pthread_cond_destroy(&pool->work);
        pthread_mutex_destroy(&pool->lock);
        free(pool);
    }
}

/* After a fork() the lock may be held by a thread that does not exist here. */
static void enter(struct lookup_pool *pool) {
    if (pool->process != getpid()) {
        start_over(pool);
    }
    pthread_mutex_lock(&pool->lock);
}

void spwf_lookup_pool_release(struct lookup_pool *pool) {
    enter(pool);
    pool->released = true;
    pthread_cond_broadcast(&pool->work);
    leave(pool);
}

static int resolve(const char *name, uint8_t ip[4]) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(name, NULL, &hints, &found) != 0) {
        return SPWF_E_RESOLVE;
    }
    struct sockaddr_in address;
    memcpy(&address, found->ai_addr, sizeof address);
    memcpy(ip, &address.sin_addr, 4);
    freeaddrinfo(found);
    return 1;
}

static void free_lookup(struct lookup *l) {
    close(l->fd);
    free(l);
}

static struct lookup *take(struct lookup_pool *pool) {
    struct lookup *l = pool->first;
    if (l != NULL) {
        pool->first = l->next;
        if (pool->first == NULL) {
            pool->last = &pool->first;
        }
        pool->queued--;
        l->queued = false;
    }
    return l;
}

/* Waits for a lookup; NULL: none came in time, or none will. */
static struct lookup *await(struct lookup_pool *pool) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += IDLE;
    pool->idle++;
    while (pool->first == NULL && !pool->released) {
        if (pthread_cond_timedwait(&pool->work, &pool->lock, &until) == ETIMEDOUT) {
            break;
        }
    }
    pool->idle--;
    return take(pool);
}

static void *work(void *argument) {
    struct lookup_pool *pool = argument;
    struct lookup *l;
    pthread_mutex_lock(&pool->lock);
    while ((l = await(pool)) != NULL) {
        uint8_t ip[4] = {0};
        pthread_mutex_unlock(&pool->lock);
        int answer = resolve(l->name, ip);
        pthread_mutex_lock(&pool->lock);
        if (l->dropped) {
            free_lookup(l);
            continue;
        }
        memcpy(l->ip, ip, sizeof ip);
        l->answer = answer;
        eventfd_write(l->fd, 1);
    }
    pool->threads--;
    leave(pool);
    return NULL;
}

static int start_thread(struct lookup_pool *pool) {
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, &attributes, work, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error == 0) {
        pool->threads++;
    }
    return error;
}

struct lookup *spwf_lookup_start(struct lookup_pool *pool, const char *name) {
    struct lookup *l = calloc(1, sizeof *l);
    if (l == NULL || strlen(name) >= sizeof l->name) {
        free(l);
        errno = l == NULL ? ENOMEM : ENAMETOOLONG;
        return NULL;
    }
    l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->fd < 0) {
        free(l);
        return NULL;
    }
    strcpy(l->name, name);
    l->pool = pool;
    enter(pool);
    bool idle = pool->queued < pool->idle; /* one for this lookup, too */
    int error = !idle && pool->threads < THREADS ? start_thread(pool) : 0;
    if (error != 0 && pool->threads == 0) {
        leave(pool);
        free_lookup(l);
        errno = error;
        return NULL;
    }
    l->queued = true;
    pool->queued++;
    *pool->last = l;
    pool->last = &l->next;
    pthread_cond_signal(&pool->work);
    leave(pool);
    return l;
}

int spwf_lookup_fd(const struct lookup *l) {
    return l->fd;
}

int spwf_lookup_result(struct lookup *l, uint8_t ip[4]) {
    enter(l->pool);
    int answer = l->answer;
    memcpy(ip, l->ip, sizeof l->ip);
    leave(l->pool);
    return answer;
}

void spwf_lookup_drop(struct lookup *l) {
    struct lookup_pool *pool = l->pool;
    enter(pool);
    if (l->queued) {
        struct lookup **link = &pool->first;
        while (*link != NULL && *link != l) {
            link = &(*link)->next;
        }
        if (*link == l) {
            *link = l->next;
            pool->last = l->next == NULL ? link : pool->last;
            pool->queued--;
        }
        free_lookup(l);
    } else if (l->answer != 0) {
        free_lookup(l);
    } else {
        l->dropped = true; /* the thread that works on it frees it */
    }
    leave(pool);
}
