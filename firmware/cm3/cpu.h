/*
 * cpu.h - the Cortex-M3 itself: start, vectors, tick, sleep, faults. Nothing of a board is known
 * here. [ARMv7-M ARM, DDI 0403]
 */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* How a board marks its table of handlers, for interrupts 0, 1, ... of its chip. */
#define CPU_INTERRUPTS __attribute__((section(".vectors.board"), used))

void cpu_enable(unsigned interrupt); /* NVIC */

/* Set by every interrupt, so that the loop does not sleep over what came after it looked. */
extern volatile bool cpu_event;
void cpu_sleep(void); /* until the next interrupt, unless cpu_event is set */

/* The tick: 100 a second, from a core clock of `hertz`. */
void cpu_tick_start(uint32_t hertz);
uint64_t cpu_ns(void);

/* Why the last run ended. Kept over a reset in RAM that the start does not clear. */
enum cpu_end { CPU_POWER, CPU_FAULT, CPU_WATCHDOG };
enum cpu_end cpu_last_end(void); /* once: the second call says CPU_POWER */
_Noreturn void cpu_reset(enum cpu_end why);
void cpu_watchdog(void); /* handler of the watchdog's first expiry; the second resets the chip */

/* The stack: `cpu_stack_size` bytes above a guard that the MPU lets nobody touch. */
uint32_t cpu_stack_peak(void);   /* bytes of it that were ever used */
uint32_t cpu_static_bytes(void); /* .data and .bss without the heap */

#endif
