/*
 * board.h - what a board gives the firmware, and what it gets. All of it on one page: whoever adds a
 * board copies a folder of boards/ and answers this list.
 *
 * The folder holds
 *     cross.ini   the compiler's options, and `drivers`: which files of drivers/ the board uses
 *     board.ld    where flash and RAM are; the sections are cm3/sections.ld
 *     board.c     the functions below, and the vector table's interrupts (cm3/cpu.h)
 *
 * What it gets: the loop of main.c calls board_start() once, then everything else without end, from
 * one thread, with interrupts on. An interrupt only stores what cannot wait, sets cpu_event and
 * returns; nothing of the core or of lwIP runs in one. In exchange the loop may be away for as long
 * as a handshake computes (4 million instructions with P-256, 50 million with RSA-2048): a UART must
 * keep its bytes, or the other side quiet, meanwhile.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spwf.h"

/* Clocks, pins, interrupts, both UARTs, the Ethernet controller, the watchdog. */
void board_start(void);

/* The wires. AT carries the module's AT commands and nothing else ever; SIDE is for side.c. A board
 * without a second UART reads nothing there and writes into the void. */
enum board_wire { BOARD_AT, BOARD_SIDE, BOARD_WIRES };
const uint8_t *board_peek(enum board_wire wire, size_t *len); /* what came, in one piece */
void board_drop(enum board_wire wire, size_t len);            /* so many of it were taken */
size_t board_write(enum board_wire wire, const void *data, size_t len); /* how many went out now */
void board_speed(enum board_wire wire, uint32_t baud);

/* Random bytes from hardware. false: the board has none to give. */
bool board_entropy(void *data, size_t len);

/* The board's own flash, NULL where it has none to spare. */
extern const struct spwf_nv_port *const board_nv;

/* The rest is called by name: time and sleep (cm3/cpu.h), Ethernet (drivers/eth.h), the watchdog
 * (drivers/watchdog.h), each implemented by whichever file cross.ini names. */

#endif
