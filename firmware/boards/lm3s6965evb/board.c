/*
 * board.c - TI's (Luminary's) EK-LM3S6965: Cortex-M3 at 50 MHz, 256 KB of flash, 64 KB of RAM,
 * Ethernet. QEMU's machine lm3s6965evb runs the same image. [LM3S6965 data sheet]
 *
 * The AT wire is UART0 (the kit's USB), the side channel UART1 on PD2 and PD3. Neither has RTS and
 * CTS, so on the kit a host must not send more than 512 bytes while a command is in hand.
 */
#include "../../board.h"

#include "../../cm3/cpu.h"
#include "../../drivers/eth.h"
#include "../../drivers/stellaris_adc.h"
#include "../../drivers/stellaris_flash.h"
#include "../../drivers/uart.h"
#include "../../drivers/watchdog.h"

#define RIS REGISTER(0x400FE050)
#define RCC REGISTER(0x400FE060)
#define RCGC0 REGISTER(0x400FE100)
#define RCGC1 REGISTER(0x400FE104)
#define RCGC2 REGISTER(0x400FE108)
#define GPIO_AFSEL(port) REGISTER((port) + 0x420)
#define GPIO_DEN(port) REGISTER((port) + 0x51C)

enum { GPIO_A = 0x40004000, GPIO_D = 0x40007000, UART0 = 0x4000C000, UART1 = 0x4000D000 };
enum { WDT0 = 0x40000000 };
enum { PLLLRIS = 1 << 6 };
enum {
    SYSDIV_4 = 3 << 23, /* 200 MHz / 4 */
    USESYSDIV = 1 << 22,
    BYPASS = 1 << 11,
    XTAL_8_MHZ = 0xE << 6
};
enum { ADC_GATE = 1 << 16, WDT_GATE = 1 << 3 };                                         /* RCGC0 */
enum { UART0_GATE = 1, UART1_GATE = 1 << 1 };                                           /* RCGC1 */
enum { EPHY_GATE = 1 << 30, EMAC_GATE = 1 << 28, GPIOD_GATE = 1 << 3, GPIOA_GATE = 1 }; /* RCGC2 */
enum { IRQ_UART0 = 5, IRQ_UART1 = 6, IRQ_WDT = 18, IRQ_ETH = 42 };

enum { CLOCK = 50000000, BAUD = 115200, WATCHDOG_S = 60 };

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

CPU_INTERRUPTS static void (*const interrupts[])(void) = {
    [IRQ_UART0] = uart0,
    [IRQ_UART1] = uart1,
    [IRQ_WDT] = cpu_watchdog,
    [IRQ_ETH] = eth_interrupt,
};

static void start_clock(void) {
    RCC = BYPASS | XTAL_8_MHZ | USESYSDIV | SYSDIV_4; /* the crystal, until the PLL has locked */
    while ((RIS & PLLLRIS) == 0) {
    }
    RCC = XTAL_8_MHZ | USESYSDIV | SYSDIV_4;
}

static void start_pins(void) {
    RCGC0 |= ADC_GATE | WDT_GATE;
    RCGC1 |= UART0_GATE | UART1_GATE;
    RCGC2 |= EPHY_GATE | EMAC_GATE | GPIOD_GATE | GPIOA_GATE;
    (void)RCGC2; /* a gated part answers after some cycles */
    (void)RCGC2;
    GPIO_AFSEL(GPIO_A) |= 0x03;
    GPIO_DEN(GPIO_A) |= 0x03;
    GPIO_AFSEL(GPIO_D) |= 0x0C;
    GPIO_DEN(GPIO_D) |= 0x0C;
}

void board_start(void) {
    start_clock();
    start_pins();
    cpu_tick_start(CLOCK);
    uart_start(&uarts[BOARD_AT], UART0, CLOCK, BAUD);
    uart_start(&uarts[BOARD_SIDE], UART1, CLOCK, BAUD);
    cpu_enable(IRQ_UART0);
    cpu_enable(IRQ_UART1);
    cpu_enable(IRQ_ETH);
    cpu_enable(IRQ_WDT);
    watchdog_start(WDT0, (uint32_t)CLOCK * WATCHDOG_S);
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
    return stellaris_adc_noise(data, len);
}

const struct spwf_nv_port *const board_nv = &stellaris_flash;
