/*
 * eth.h - an Ethernet controller; implemented by stellaris_eth.c or lan9118.c, called by a board
 * (start, interrupt) and by port_lwip.c, which polls. Frames travel as 32-bit words behind two bytes
 * of padding, which both controllers can do, so that what IP reads is aligned. No CRC.
 */
#ifndef ETH_H
#define ETH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ETH_PAD = 2, ETH_MTU = 1500 };

/* `mac` is what the controller, or the board's memory, came with; false: nothing. */
bool eth_mac(uint8_t mac[6]);
void eth_start(const uint8_t mac[6]);
void eth_interrupt(void); /* only wakes the loop */
bool eth_link(void);      /* whether a cable is plugged in; true where the board cannot tell */

/* Bytes of the next frame, padding included; 0: there is none. Then words are taken, and the rest
 * is dropped. */
size_t eth_receive(void);
void eth_take(uint32_t *words, size_t count);
void eth_drop(void);

/* Whether a frame of `len` bytes, padding included, can go now; then its words are put. */
bool eth_send(size_t len);
void eth_put(uint32_t word);
void eth_sent(void);

#endif
