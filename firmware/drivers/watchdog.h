/*
 * watchdog.h - resets a board whose loop has stopped. Its first expiry interrupts (fault_watchdog
 * notes it and resets), a second one resets the chip.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdint.h>

void watchdog_start(uintptr_t base, uint32_t cycles);
void watchdog_feed(void);

#endif
