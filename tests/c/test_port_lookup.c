/*
 * test_port_lookup.c - the threads of the lookups, over a getaddrinfo() that is ours: it holds each
 * lookup until as many are inside as should be at once. What a lookup finds is in test_port_world.c.
 */
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "check.h"
#include "world.h"

enum { TOGETHER = 4, ROUNDS = 20, SECONDS = 10 }; /* TOGETHER: fewer than a pool has threads */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t entered = PTHREAD_COND_INITIALIZER;
static int inside, wanted;

/* No name has an address. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    struct timespec until;
    (void)name, (void)service, (void)hints, (void)found;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SECONDS;
    pthread_mutex_lock(&lock);
    inside++;
    pthread_cond_broadcast(&entered);
    int late = 0;
    while (inside < wanted && late == 0) {
        late = pthread_cond_timedwait(&entered, &lock, &until);
    }
    check_equal(late, 0);
    pthread_mutex_unlock(&lock);
    return EAI_NONAME;
}

/* As many lookups, each of which ends when all have begun. */
static void look_up(struct lookup_pool *pool, int count) {
    struct lookup *lookups[TOGETHER];
    inside = 0;
    wanted = count;
    for (int i = 0; i < count; i++) {
        lookups[i] = spwf_lookup_start(pool, "name");
        check(lookups[i] != NULL);
    }
    for (int i = 0; i < count; i++) {
        struct pollfd p = {.fd = spwf_lookup_fd(lookups[i]), .events = POLLIN};
        uint8_t ip[4];
        check_equal(poll(&p, 1, 2 * SECONDS * 1000), 1);
        check_equal(spwf_lookup_result(lookups[i], ip), SPWF_E_RESOLVE);
        spwf_lookup_drop(lookups[i]);
    }
}

static void no_lookup_waits_for_another(void) {
    for (int round = 0; round < ROUNDS && check_failures == 0; round++) {
        struct lookup_pool *pool = spwf_lookup_pool_new();
        look_up(pool, 1); /* leaves a thread that is idle */
        look_up(pool, TOGETHER);
        spwf_lookup_pool_release(pool);
    }
}

static const struct check_test tests[] = {
    {"no lookup waits for another", no_lookup_waits_for_another},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
