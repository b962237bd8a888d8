/*
 * fault.c - the end of a run: hard fault, watchdog, reset, and the word that survives it so that the
 * next run can tell (+WIND:8). Called by the processor and by main.c.
 *
 * One hard fault is no fault: BKPT 0xAB asks a debugger for a service (semihosting.c). Where none
 * listens the processor faults; then the answer is -1 and the program goes on, so one image runs
 * with a debugger, in QEMU, and alone.
 */
#include "cpu.h"

#define AIRCR REGISTER(0xE000ED0C)
enum { AIRCR_KEY = 0x05FA0000, SYSRESETREQ = 1 << 2 };
enum { BKPT_SEMIHOSTING = 0xBEAB };

/* What the processor pushes [B1.5.6]. */
struct frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, psr;
};

extern const uint8_t code_start[], code_end[]; /* sections.ld */

static struct {
    uint32_t why, check;
} note __attribute__((section(".keep")));

enum cpu_end cpu_last_end(void) {
    bool whole = note.check == ~note.why && note.why <= CPU_WATCHDOG;
    enum cpu_end end = whole ? (enum cpu_end)note.why : CPU_POWER;
    note.why = note.check = 0;
    return end;
}

_Noreturn void cpu_reset(enum cpu_end why) {
    note.why = why;
    note.check = ~note.why;
    __asm volatile("dsb" ::: "memory");
    AIRCR = AIRCR_KEY | SYSRESETREQ;
    for (;;) {
    }
}

void cpu_watchdog(void) {
    cpu_reset(CPU_WATCHDOG);
}

__attribute__((used)) static void judge(struct frame *frame) {
    uintptr_t pc = frame->pc;
    bool in_code = pc >= (uintptr_t)code_start && pc < (uintptr_t)code_end;
    if (!in_code || *(const uint16_t *)pc != BKPT_SEMIHOSTING) {
        cpu_reset(CPU_FAULT);
    }
    frame->r0 = UINT32_MAX;
    frame->pc += 2;
}

/* A stack that ran into its guard holds no frame and carries no function: start it anew. */
void cpu_hard_fault(void);
__attribute__((naked)) void cpu_hard_fault(void) {
    __asm volatile("movw r1, #:lower16:stack_bottom\n"
                   "movt r1, #:upper16:stack_bottom\n"
                   "mov r0, sp\n"
                   "cmp r0, r1\n"
                   "bhs %c1\n"
                   "movw r0, #:lower16:stack_top\n"
                   "movt r0, #:upper16:stack_top\n"
                   "mov sp, r0\n"
                   "movs r0, %0\n"
                   "b %c2\n" ::"i"(CPU_FAULT),
                   "i"(judge), "i"(cpu_reset));
}
