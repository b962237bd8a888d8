/*
 * test_port_loop.c - hosts and loops used by several threads at once. Run it under the thread
 * sanitizer after any change of csrc/port/host.c or loop.c (cc -fsanitize=thread).
 */
#include <pthread.h>
#include <sched.h>

#include "check.h"
#include "host.h"

enum { HOSTS = 20, ROUNDS = 100, REPLY = 6 }; /* "\r\nOK\r\n" */
#define SECONDS 1000000000u

static struct host hosts[HOSTS];
static struct loop *loop;

static void begin(void) {
    struct spwf_config config = {0};
    memset(hosts, 0, sizeof hosts);
    loop = spwf_loop_new();
    check(loop != NULL);
    for (int i = 0; i < HOSTS; i++) {
        check_equal(spwf_host_open(&hosts[i], &config, NULL, WORLD_POSIX, NULL), 0);
        hosts[i].virtual_pace = true;
        check_equal(spwf_host_power(&hosts[i], true), SPWF_OK);
        check(hosts[i].output.used > 0);
        spwf_queue_clear(&hosts[i].output);
    }
}

static void end(void) {
    for (int i = 0; i < HOSTS; i++) {
        spwf_loop_discard(loop, &hosts[i]);
        spwf_host_free(&hosts[i], false);
    }
    spwf_loop_free(loop);
}

static uint64_t in_seconds(unsigned seconds) {
    return spwf_pace_real() + (uint64_t)seconds * SECONDS;
}

static void *write_all(void *unused) {
    for (int i = 0; i < HOSTS * ROUNDS; i++) {
        check(spwf_host_write(&hosts[i % HOSTS], "AT\r", 3));
    }
    return unused;
}

/* The first ten hosts come and go while the loop runs. */
static void *come_and_go(void *unused) {
    for (int i = 0; i < HOSTS * ROUNDS; i++) {
        struct host *h = &hosts[i % (HOSTS / 2)];
        if (!spwf_loop_discard(loop, h)) {
            check_equal(spwf_loop_add(loop, h, h), 0);
        }
    }
    for (int i = 0; i < HOSTS / 2; i++) {
        spwf_loop_add(loop, &hosts[i], &hosts[i]);
    }
    return unused;
}

static size_t take(struct host *h) {
    spwf_host_enter(h);
    size_t n = h->output.used;
    spwf_queue_clear(&h->output);
    spwf_host_leave(h);
    return n;
}

static void a_loop_loses_nothing_while_others_write_and_join(void) {
    pthread_t writer, joiner;
    uint64_t deadline = in_seconds(60);
    size_t total = 0;
    void *owner;
    begin();
    for (int i = 0; i < HOSTS; i++) {
        check_equal(spwf_loop_add(loop, &hosts[i], &hosts[i]), 0);
    }
    check_equal(pthread_create(&writer, NULL, write_all, NULL), 0);
    check_equal(pthread_create(&joiner, NULL, come_and_go, NULL), 0);
    while (total < (size_t)HOSTS * ROUNDS * REPLY && spwf_pace_real() < deadline) {
        if (spwf_loop_run(loop, deadline) == HOST_READY) {
            for (size_t i = 0; spwf_loop_found(loop, i, &owner); i++) {
                total += owner != NULL ? take(owner) : 0;
            }
        }
    }
    check_equal((long long)total, (long long)HOSTS * ROUNDS * REPLY);
    pthread_join(writer, NULL);
    pthread_join(joiner, NULL);
    end();
}

static void *read_some(void *host) {
    struct host *h = host;
    uint64_t deadline = in_seconds(60);
    for (size_t got = 0; got < (size_t)HOSTS * ROUNDS / 2 * REPLY;) {
        if (!check_equal(spwf_host_until(h, REPLY, deadline, true), HOST_READY)) {
            break;
        }
        spwf_host_enter(h);
        size_t n = h->output.used < REPLY ? h->output.used : REPLY;
        spwf_queue_drop(&h->output, n);
        spwf_host_leave(h);
        got += n;
    }
    return NULL;
}

static void two_readers_share_one_module(void) {
    pthread_t readers[2];
    begin();
    for (int i = 0; i < 2; i++) {
        check_equal(pthread_create(&readers[i], NULL, read_some, &hosts[0]), 0);
    }
    for (int i = 0; i < HOSTS * ROUNDS + 1; i++) { /* one more: two may look before either takes */
        check(spwf_host_write(&hosts[0], "AT\r", 3));
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(readers[i], NULL);
    }
    end();
}

static void *wait_for_ever(void *host) {
    check_equal(spwf_host_until(host, 1, HOST_NEVER, true), HOST_CANCELLED);
    return NULL;
}

static void closing_ends_all_waiting(void) {
    pthread_t waiting[HOSTS];
    begin();
    for (int i = 0; i < HOSTS; i++) {
        check_equal(pthread_create(&waiting[i], NULL, wait_for_ever, &hosts[i]), 0);
    }
    for (int i = 0; i < HOSTS; i++) {
        spwf_host_close(&hosts[i]);
        pthread_join(waiting[i], NULL);
    }
    end();
}

/* Until as many threads wait for this host as were started. */
static bool all_wait(struct host *h, int count) {
    uint64_t deadline = in_seconds(60);
    int waiting;
    do {
        pthread_mutex_lock(&h->lock);
        waiting = h->leading ? 1 : 0;
        for (struct host_waiter *w = h->waiters; w != NULL; w = w->next) {
            waiting++;
        }
        pthread_mutex_unlock(&h->lock);
        sched_yield();
    } while (waiting < count && spwf_pace_real() < deadline);
    return check_equal(waiting, count);
}

static void ends_all_reads(void (*end_them)(struct host *)) {
    pthread_t waiting[HOSTS];
    begin();
    for (int i = 0; i < HOSTS; i++) {
        check_equal(pthread_create(&waiting[i], NULL, wait_for_ever, &hosts[0]), 0);
    }
    if (all_wait(&hosts[0], HOSTS)) {
        end_them(&hosts[0]);
    } else {
        spwf_host_close(&hosts[0]);
    }
    for (int i = 0; i < HOSTS; i++) {
        pthread_join(waiting[i], NULL);
    }
    check_equal(spwf_host_until(&hosts[0], 1, 0, true), HOST_TIMEOUT); /* nothing is left of it */
    end();
}

static void replug(struct host *h) {
    spwf_host_plug(h, false);
    spwf_host_plug(h, true);
}

static void a_cancel_ends_all_that_read(void) {
    ends_all_reads(spwf_host_cancel);
}

static void a_cable_that_was_out_for_a_moment_ends_all_that_read(void) {
    ends_all_reads(replug);
}

static void a_loop_knows_its_hosts(void) {
    begin();
    check_equal(spwf_loop_run(loop, 0), HOST_TIMEOUT);
    for (int i = 0; i < HOSTS; i++) {
        check_equal(spwf_loop_add(loop, &hosts[i], &hosts[i]), 0);
        check_equal(spwf_loop_run(loop, 0), HOST_TIMEOUT);
    }
    size_t i = 0, count = 0;
    while (spwf_loop_each(loop, &i) != NULL) {
        count++;
    }
    check_equal((long long)count, HOSTS);
    end();
}

static const struct check_test tests[] = {
    {"a loop loses nothing while others write and join",
     a_loop_loses_nothing_while_others_write_and_join},
    {"two readers share one module", two_readers_share_one_module},
    {"closing ends all waiting", closing_ends_all_waiting},
    {"a cancel ends all that read", a_cancel_ends_all_that_read},
    {"a cable that was out for a moment ends all that read",
     a_cable_that_was_out_for_a_moment_ends_all_that_read},
    {"a loop knows its hosts", a_loop_knows_its_hosts},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
