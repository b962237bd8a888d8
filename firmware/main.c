/*
 * main.c - the firmware: the core's loop [spwf.h] between a UART and lwIP.
 */
#include "board.h"
#include "cm3/cpu.h"
#include "drivers/watchdog.h"
#include "port.h"
#include "side.h"

static struct spwf module;

static const enum spwf_boot boots[] = {
    [CPU_POWER] = SPWF_BOOT_POWER,
    [CPU_FAULT] = SPWF_BOOT_FAULT,
    [CPU_WATCHDOG] = SPWF_BOOT_WATCHDOG,
};

static bool feed(void) {
    size_t len;
    const void *bytes = board_peek(BOARD_AT, &len);
    size_t taken = spwf_input(&module, bytes, len);
    board_drop(BOARD_AT, taken);
    return taken > 0;
}

/* Whether the UART has taken all there was. */
static bool drain(void) {
    size_t len, sent;
    const void *bytes;
    do {
        bytes = spwf_output(&module, &len);
        sent = board_write(BOARD_AT, bytes, len);
        spwf_output_ack(&module, sent);
    } while (sent == len && len > 0);
    return len == 0;
}

/* Nothing is left to do: skips the module's own delay where the options ask for it, or sleeps. */
static void rest(void) {
    struct spwf_wait wait = spwf_wait(&module);
    if (options.fast && wait.pace_ms != SPWF_NEVER && wait.pace_ms <= wait.world_ms) {
        port_skip(wait.pace_ms);
    } else {
        cpu_sleep();
    }
}

int main(void) {
    enum spwf_boot why = boots[cpu_last_end()];
    board_start();
    options_read();
    port_start(&options.config);
    (void)spwf_init(&module, &options.config);
    if (why != SPWF_BOOT_POWER) {
        spwf_restart(&module, why);
    }
    for (;;) {
        cpu_event = false; /* before looking: what comes later ends the sleep */
        watchdog_feed();
        bool moved = port_lwip_poll();
        moved |= feed();
        uint64_t start = cpu_ns();
        unsigned flags = spwf_poll(&module);
        side_poll(&module, cpu_ns() - start);
        bool drained = drain();
        if ((flags & SPWF_WANTS_RESET) != 0 && drained) {
            spwf_restart(&module, SPWF_BOOT_SOFT);
        } else if (!moved && drained && (flags & SPWF_BUSY) == 0) {
            rest();
        }
    }
}
