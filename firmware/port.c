/*
 * port.c - the port table of a board, and its small parts: time, memory, random bytes. Called by
 * main.c and, through the table, by the core.
 */
#include "port.h"

#include "board.h"
#include "cm3/cpu.h"
#include "cm3/semihosting.h"
#include "drivers/eth.h"
#include "side.h"

enum { HEAP = 26112 }; /* mutual RSA-2048 and then a record of 16 KB in one piece */

struct spwf_arena port_heap;
static uint64_t skipped; /* ms */
static int urandom = -1;

static _Alignas(8) uint8_t heap[HEAP] __attribute__((section(".heap")));

uint64_t port_millis(void *ctx) {
    (void)ctx;
    return cpu_ns() / 1000000 + skipped;
}

void port_skip(uint32_t ms) {
    skipped += ms;
}

/* QEMU's boards have no source of noise, so its host gives some. */
static bool noise(void *data, size_t len) {
    return urandom >= 0 ? semihosting_read(urandom, 0, data, len) : board_entropy(data, len);
}

void port_random(void *data, size_t len) {
    (void)noise(data, len);
}

static int entropy(void *ctx, void *data, size_t len) {
    (void)ctx;
    if (options.seeded) {
        spwf_sequence_fill(&options.sequence, data, len);
        return SPWF_OK;
    }
    return noise(data, len) ? SPWF_OK : SPWF_E_ABSENT;
}

static void *take(void *ctx, size_t size) {
    (void)ctx;
    bool allowed = options.heap == 0 || port_heap.live + size <= options.heap;
    return allowed ? spwf_arena_alloc(&port_heap, size) : NULL;
}

static void release(void *ctx, void *memory) {
    (void)ctx;
    spwf_arena_release(&port_heap, memory);
}

static int console(void *ctx, uint32_t baud, bool flow_control) {
    (void)ctx, (void)flow_control; /* a board has its lines or has none */
    board_speed(BOARD_AT, baud);
    return SPWF_OK;
}

static struct spwf_port table = {
    .millis = port_millis,
    .entropy = entropy,
    .alloc = take,
    .release = release,
    .console = console,
    .net = &port_net,
    .resolve = &port_resolve,
    .link = &port_link,
};

void port_start(struct spwf_config *config) {
    const uint8_t default_mac[6] = {0x00, 0x80, 0xE1, 0x00, 0x00, 0x01};
    spwf_arena_start(&port_heap, heap, sizeof heap);
    urandom = semihosting_open("/dev/urandom", SEMIHOSTING_READ);
    table.nv = semihosting_present() ? port_nv_semihosted() : board_nv;
    table.report = options.keylog ? side_report : NULL;
    config->port = &table;
    if (!eth_mac(config->mac)) {
        for (int i = 0; i < 6; i++) {
            config->mac[i] = default_mac[i];
        }
    }
    port_lwip_start(config->mac);
}
