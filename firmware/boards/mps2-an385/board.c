/*
 * board.c - Arm's MPS2 with the Cortex-M3 of application note AN385, as QEMU's machine mps2-an385
 * has it: 25 MHz, 4 MB of code memory that we fill as a flash of 256 KB, and far more RAM than we
 * use. Its bus faults on an address where nothing is, and its Ethernet has a cable to unplug.
 * [Arm DAI 0385]
 *
 * Any flash is the debugger's: without semihosting the module forgets at power-off.
 */
#include "../../board.h"

#include "../../cm3/cpu.h"
#include "../../drivers/eth.h"
#include "../../drivers/uart.h"
#include "../../drivers/watchdog.h"

enum { UART0 = 0x40004000, UART1 = 0x40005000, WDOG = 0x40008000 };
enum { IRQ_UART0_RX = 0, IRQ_UART1_RX = 2, IRQ_ETH = 13 };
enum { CLOCK = 25000000, BAUD = 115200, WATCHDOG_S = 60 };

static uint8_t at_ring[512], side_ring[64];
static struct uart uarts[BOARD_WIRES] = {
    [BOARD_AT] = {.ring = at_ring, .size = sizeof at_ring},
    [BOARD_SIDE] = {.ring = side_ring, .size = sizeof side_ring},
};

static void uart0(void) {
    uart_interrupt(&uarts[BOARD_AT]);
}

static void uart1(void) {
    uart_interrupt(&uarts[BOARD_SIDE]);
}

/* The watchdog's is the NMI, which every board's table has. */
CPU_INTERRUPTS static void (*const interrupts[])(void) = {
    [IRQ_UART0_RX] = uart0,
    [IRQ_UART1_RX] = uart1,
    [IRQ_ETH] = eth_interrupt,
};

void board_start(void) {
    cpu_tick_start(CLOCK);
    uart_start(&uarts[BOARD_AT], UART0, CLOCK, BAUD);
    uart_start(&uarts[BOARD_SIDE], UART1, CLOCK, BAUD);
    cpu_enable(IRQ_UART0_RX);
    cpu_enable(IRQ_UART1_RX);
    cpu_enable(IRQ_ETH);
    watchdog_start(WDOG, (uint32_t)CLOCK * WATCHDOG_S);
}

const uint8_t *board_peek(enum board_wire wire, size_t *len) {
    return uart_peek(&uarts[wire], len);
}

void board_drop(enum board_wire wire, size_t len) {
    uart_drop(&uarts[wire], len);
}

size_t board_write(enum board_wire wire, const void *data, size_t len) {
    return uart_write(&uarts[wire], data, len);
}

void board_speed(enum board_wire wire, uint32_t baud) {
    uart_speed(&uarts[wire], baud);
}

bool board_entropy(void *data, size_t len) {
    (void)data, (void)len;
    return false;
}

const struct spwf_nv_port *const board_nv = NULL;
