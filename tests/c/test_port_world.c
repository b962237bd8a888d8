/*
 * test_port_world.c - the small parts of a world: queue, heap, entropy, air, routes, lookups.
 */
#include <errno.h>
#include <poll.h>

#include "check.h"
#include "world.h"

static struct world w;

static void begin(void) {
    w = (struct world){0};
    check_equal(spwf_world_open(&w, NULL, WORLD_POSIX, spwf_lookup_pool_new()), 0);
}

static void end(void) {
    spwf_world_close(&w);
    spwf_lookup_pool_release(w.pool);
}

/* ---------------------------------------------------------------- queue ----------------------- */

static void a_queue_keeps_the_order_of_its_bytes(void) {
    struct queue q = {0};
    uint32_t in = 0, out = 0;
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[700];
        for (int i = 0; i < round % 701; i++) {
            bytes[i] = (uint8_t)(in++ * 31);
        }
        check(spwf_queue_push(&q, bytes, (size_t)(round % 701)));
        size_t take = q.used < 350 ? q.used : 350;
        for (size_t i = 0; i < take; i++) {
            check_equal(spwf_queue_front(&q)[i], (uint8_t)(out++ * 31));
        }
        spwf_queue_drop(&q, take);
        check(q.used == in - out);
    }
    spwf_queue_clear(&q);
}

static void an_empty_queue_owns_no_memory(void) {
    struct queue q = {0};
    check(spwf_queue_push(&q, "", 0));
    check(q.bytes == NULL && spwf_queue_front(&q) == NULL);
    check(spwf_queue_push(&q, "abc", 3));
    spwf_queue_drop(&q, 3);
    check(q.bytes == NULL && q.size == 0);
    check(!spwf_queue_push(&q, "", SIZE_MAX)); /* refused before a byte is read */
    check(q.used == 0);
}

/* ---------------------------------------------------------------- heap, entropy --------------- */

static void the_heap_counts_what_lives(void) {
    begin();
    void *a = spwf_heap_alloc(&w, 100), *b = spwf_heap_alloc(&w, 0);
    check(a != NULL && b != NULL && a != b);
    memset(a, 0xAA, 100);
    check(w.heap.live == 100);
    check(w.heap.blocks == 2);
    spwf_heap_release(&w, a);
    spwf_heap_release(&w, b);
    spwf_heap_release(&w, NULL);
    check(w.heap.live == 0);
    check(w.heap.blocks == 0);
    check(w.heap.peak == 100);
    check(spwf_heap_alloc(&w, SIZE_MAX) == NULL);
    end();
}

static void the_heap_keeps_to_its_limit(void) {
    begin();
    w.heap.limit = 100;
    void *a = spwf_heap_alloc(&w, 60), *b = spwf_heap_alloc(&w, 41), *c = spwf_heap_alloc(&w, 40);
    check(a != NULL && b == NULL && c != NULL);
    check(spwf_heap_alloc(&w, 1) == NULL);
    spwf_heap_release(&w, a);
    a = spwf_heap_alloc(&w, 60); /* what was given back can be had again */
    check(a != NULL);
    spwf_heap_release(&w, a);
    spwf_heap_release(&w, c);
    end();
}

static void a_seed_repeats_its_bytes(void) {
    uint8_t first[100], again[100], other[100], none[100];
    begin();
    check_equal(spwf_entropy_fill(&w, none, sizeof none), SPWF_OK);
    spwf_entropy_seed(&w.entropy, "one", 3);
    check_equal(spwf_entropy_fill(&w, first, sizeof first), SPWF_OK);
    check_equal(spwf_entropy_fill(&w, other, sizeof other), SPWF_OK);
    check(memcmp(first, other, sizeof first) != 0);
    spwf_entropy_seed(&w.entropy, "one", 3);
    check_equal(spwf_entropy_fill(&w, again, sizeof again), SPWF_OK);
    check(memcmp(first, again, sizeof first) == 0);
    spwf_entropy_seed(&w.entropy, "two", 3);
    check_equal(spwf_entropy_fill(&w, other, sizeof other), SPWF_OK);
    check(memcmp(first, other, sizeof first) != 0);
    check(memcmp(first, none, sizeof first) != 0);
    end();
}

/* ---------------------------------------------------------------- air ------------------------- */

static int state_after_join(const char *ssid, const char *passphrase, struct spwf_link_info *info) {
    struct spwf_link_request request = {.dhcp = false, .ip = {10, 0, 0, 2}};
    memcpy(request.ssid, ssid, strlen(ssid));
    memcpy(request.passphrase, passphrase, strlen(passphrase));
    request.privacy = passphrase[0] != '\0' ? 2 : 0;
    check_equal(w.port.link->join(&w, &request), SPWF_OK);
    check_equal(w.port.link->info(&w, info), SPWF_OK);
    return info->state;
}

static void an_access_point_answers_as_it_is(void) {
    struct access_point points[] = {{"open", ""}, {"lab", "secret secret"}};
    struct spwf_link_info info;
    begin();
    check_equal(w.port.link->info(&w, &info), SPWF_OK);
    check_equal(info.state, SPWF_LINK_IDLE);
    check_equal(state_after_join("anything", "at all, really", &info), SPWF_LINK_UP);
    w.air.points = points;
    w.air.count = 2;
    check_equal(state_after_join("anything", "at all, really", &info), SPWF_LINK_ABSENT);
    check_equal(state_after_join("open", "", &info), SPWF_LINK_UP);
    check_equal(info.ip[3], 2); /* static addresses are the request's */
    check_equal(state_after_join("open", "secret secret", &info), SPWF_LINK_REFUSED);
    check_equal(info.reason, 13);
    check_equal(state_after_join("lab", "another one", &info), SPWF_LINK_REFUSED);
    check_equal(info.reason, 15);
    check_equal(state_after_join("lab", "secret secret", &info), SPWF_LINK_UP);
    w.air.down = true;
    check_equal(w.port.link->info(&w, &info), SPWF_OK);
    check_equal(info.state, SPWF_LINK_LOST);
    w.air.down = false;
    check_equal(w.port.link->info(&w, &info), SPWF_OK);
    check_equal(info.state, SPWF_LINK_UP);
    w.port.link->leave(&w);
    check_equal(w.port.link->info(&w, &info), SPWF_OK);
    check_equal(info.state, SPWF_LINK_IDLE);
    w.air.points = NULL;
    w.air.count = 0;
    end();
}

/* ---------------------------------------------------------------- routes, lookups ------------- */

static void each_routed_name_has_one_address(void) {
    struct route list[] = {
        {.name = "server", .host = "a", .from = {.port = 80}, .port = 1},
        {.name = "10.0.0.9", .host = "b", .from = {.port = 80}, .port = 2},
        {.name = "SERVER", .host = "c", .from = {.port = 443}, .port = 3},
        {.name = "other", .host = "d", .from = {.port = 80}, .port = 4},
    };
    struct routes routes = {list, 4};
    struct spwf_addr to = {.port = 443};
    spwf_routes_number(&routes);
    check(spwf_routes_name(&routes, "Server", to.ip));
    check(spwf_routes_synthetic(to.ip));
    check(spwf_routes_find(&routes, &to) == &list[2]);
    to.port = 80;
    check(spwf_routes_find(&routes, &to) == &list[0]);
    to.port = 81;
    check(spwf_routes_find(&routes, &to) == NULL);
    check(memcmp(list[3].from.ip, list[0].from.ip, 4) != 0);
    check(memcmp(list[1].from.ip, (uint8_t[]){10, 0, 0, 9}, 4) == 0);
    check(!spwf_routes_name(&routes, "serve", to.ip));
}

static void a_lookup_tells_by_its_descriptor(void) {
    uint8_t ip[4] = {0};
    begin();
    struct lookup *l = spwf_lookup_start(w.pool, "localhost");
    if (check(l != NULL)) {
        struct pollfd p = {.fd = spwf_lookup_fd(l), .events = POLLIN};
        check_equal(poll(&p, 1, 30000), 1);
        check_equal(spwf_lookup_result(l, ip), 1);
        check_equal(ip[0], 127);
        spwf_lookup_drop(l);
    }
    end();
}

static void lookups_may_be_dropped_at_any_time(void) {
    struct lookup *lookups[200];
    char name[300];
    begin();
    for (int i = 0; i < 200; i++) {
        lookups[i] = spwf_lookup_start(w.pool, "localhost");
        check(lookups[i] != NULL);
    }
    for (int i = 199; i >= 0; i -= 2) { /* from the queue's end, and from its middle */
        spwf_lookup_drop(lookups[i]);
    }
    for (int i = 0; i < 200; i += 2) {
        spwf_lookup_drop(lookups[i]);
    }
    memset(name, 'x', sizeof name);
    name[299] = '\0';
    check(spwf_lookup_start(w.pool, name) == NULL);
    check_equal(errno, ENAMETOOLONG);
    end();
}

static const struct check_test tests[] = {
    {"a queue keeps the order of its bytes", a_queue_keeps_the_order_of_its_bytes},
    {"an empty queue owns no memory", an_empty_queue_owns_no_memory},
    {"the heap counts what lives", the_heap_counts_what_lives},
    {"the heap keeps to its limit", the_heap_keeps_to_its_limit},
    {"a seed repeats its bytes", a_seed_repeats_its_bytes},
    {"an access point answers as it is", an_access_point_answers_as_it_is},
    {"each routed name has one address", each_routed_name_has_one_address},
    {"a lookup tells by its descriptor", a_lookup_tells_by_its_descriptor},
    {"lookups may be dropped at any time", lookups_may_be_dropped_at_any_time},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}
