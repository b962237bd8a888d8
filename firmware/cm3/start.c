/*
 * start.c - from reset to main(): vector table, memory, guard under the stack. Called by the
 * processor; calls main().
 */
#include <stddef.h>

#include "cpu.h"

enum { STACK_PAINT = 0xA5A5A5A5 };

extern uint32_t data_source[], data_start[], data_end[], bss_start[], bss_end[];
extern uint32_t stack_guard[], stack_bottom[], stack_top[];

int main(void);
_Noreturn void cpu_start(void);
void cpu_tick(void);
void cpu_hard_fault(void);

struct vectors {
    uint32_t *stack;
    void (*exceptions[15])(void);
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    .stack = stack_top,
    .exceptions =
        {
            [0] = cpu_start,    /* reset */
            [1] = cpu_watchdog, /* NMI */
            [2] = cpu_hard_fault,
            [3] =
                cpu_hard_fault, /* these three are off, so the processor makes hard faults of them */
            [4] = cpu_hard_fault,
            [5] = cpu_hard_fault,
            [14] = cpu_tick, /* SysTick */
        },
};

#define MPU_CTRL REGISTER(0xE000ED94)
#define MPU_RNR REGISTER(0xE000ED98)
#define MPU_RBAR REGISTER(0xE000ED9C)
#define MPU_RASR REGISTER(0xE000EDA0)
enum {
    MPU_ENABLE = 1,
    MPU_PRIVDEFENA = 1 << 2, /* all other memory is as without an MPU */
    REGION_ENABLE = 1,
    REGION_256_BYTES = 7 << 1, /* no access bits: nobody may */
    REGION_XN = 1 << 28
};

static void guard_stack(void) {
    MPU_RNR = 0;
    MPU_RBAR = (uint32_t)(uintptr_t)stack_guard;
    MPU_RASR = REGION_XN | REGION_256_BYTES | REGION_ENABLE;
    MPU_CTRL = MPU_PRIVDEFENA | MPU_ENABLE;
    __asm volatile("dsb\n isb" ::: "memory");
}

_Noreturn void cpu_start(void) {
    uint32_t here;
    __asm volatile("mov %0, sp" : "=r"(here));
    for (volatile uint32_t *word = stack_bottom; (uintptr_t)word < here; word++) {
        *word = STACK_PAINT;
    }
    const uint32_t *from = data_source;
    for (volatile uint32_t *to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *word = bss_start; word < bss_end; word++) {
        *word = 0;
    }
    guard_stack();
    (void)main();
    cpu_reset(CPU_FAULT); /* main() does not return */
}

uint32_t cpu_stack_peak(void) {
    const uint32_t *word = stack_bottom;
    while (word < stack_top && *word == STACK_PAINT) {
        word++;
    }
    return (uint32_t)((const uint8_t *)stack_top - (const uint8_t *)word);
}

uint32_t cpu_static_bytes(void) {
    return (uint32_t)((const uint8_t *)bss_end - (const uint8_t *)data_start);
}
