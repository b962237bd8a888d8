/*
 * tick.c - time by SysTick, and sleep [B3.3]. Called by boards; the interrupt only counts.
 *
 * 100 interrupts a second cost QEMU 1 % of a host's core; what is finer is read from the counter.
 */
#include "cpu.h"

#define SYST_CSR REGISTER(0xE000E010)
#define SYST_RVR REGISTER(0xE000E014)
#define SYST_CVR REGISTER(0xE000E018)
enum { ENABLE = 1, TICKINT = 1 << 1, CLKSOURCE = 1 << 2 };
enum { TICKS = 100, TICK_NS = 1000000000 / TICKS };

#define NVIC_ISER(n) REGISTER(0xE000E100 + 4 * (n))

volatile bool cpu_event;
static volatile uint32_t ticks;
static uint32_t ns_per_cycle;

void cpu_tick(void);
void cpu_tick(void) {
    ticks++;
    cpu_event = true;
}

void cpu_tick_start(uint32_t hertz) {
    ns_per_cycle = 1000000000 / hertz;
    SYST_RVR = hertz / TICKS - 1;
    SYST_CVR = 0;
    SYST_CSR = CLKSOURCE | TICKINT | ENABLE;
}

uint64_t cpu_ns(void) {
    uint32_t count, left;
    do {
        count = ticks;
        left = SYST_CVR;
    } while (count != ticks);
    return (uint64_t)count * TICK_NS + (SYST_RVR - left) * (uint64_t)ns_per_cycle;
}

void cpu_enable(unsigned interrupt) {
    NVIC_ISER(interrupt / 32) = 1u << (interrupt % 32);
}

/* WFI ends on a pending interrupt though it is masked, so none can slip in between. */
void cpu_sleep(void) {
    __asm volatile("cpsid i" ::: "memory");
    if (!cpu_event) {
        __asm volatile("wfi");
    }
    __asm volatile("cpsie i" ::: "memory");
}
