/*
 * watchdog.c - watchdog.h on Arm's watchdog, which both the LM3S6965 (WDT0) and the CMSDK have
 * [Arm DDI 0270, DDI 0479]. Called by a board.
 */
#include "watchdog.h"

#include "../cm3/cpu.h"

#define WDOGLOAD REGISTER(base + 0x000)
#define WDOGCONTROL REGISTER(base + 0x008)
#define WDOGINTCLR REGISTER(base + 0x00C)
#define WDOGLOCK REGISTER(base + 0xC00)

enum { INTEN = 1, RESEN = 1 << 1 };
enum { UNLOCK = 0x1ACCE551, LOCK = 0 };

static uintptr_t base;
static uint32_t load;

void watchdog_start(uintptr_t address, uint32_t cycles) {
    base = address;
    load = cycles;
    WDOGLOCK = UNLOCK;
    WDOGLOAD = load;
    WDOGCONTROL = INTEN | RESEN;
    WDOGLOCK = LOCK;
}

void watchdog_feed(void) {
    WDOGLOCK = UNLOCK;
    WDOGINTCLR = 1; /* counts from the load again */
    WDOGLOCK = LOCK;
}
