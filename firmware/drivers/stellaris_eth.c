/*
 * stellaris_eth.c - eth.h on the LM3S6965's controller [LM3S6965 data sheet, 15]. Its FIFOs put the
 * length of a frame into the two bytes that eth.h calls padding.
 *
 * One bit of MACRIS stands for any number of frames, so it is acknowledged before they are taken.
 * The link is not read: QEMU does not model the PHY.
 */
#include "eth.h"

#include "../cm3/cpu.h"

#define BASE 0x40048000u
#define MACRIS REGISTER(BASE + 0x00)  /* read */
#define MACIACK REGISTER(BASE + 0x00) /* write */
#define MACIM REGISTER(BASE + 0x04)
#define MACRCTL REGISTER(BASE + 0x08)
#define MACTCTL REGISTER(BASE + 0x0C)
#define MACDATA REGISTER(BASE + 0x10)
#define MACIA0 REGISTER(BASE + 0x14)
#define MACIA1 REGISTER(BASE + 0x18)
#define MACTHR REGISTER(BASE + 0x1C)
#define MACNP REGISTER(BASE + 0x34)
#define MACTR REGISTER(BASE + 0x38)
#define USER_REG0 REGISTER(0x400FE1E0u) /* where a board's maker leaves the address */
#define USER_REG1 REGISTER(0x400FE1E4u)

enum { RXINT = 1, ALL_INTERRUPTS = 0x7F };
enum { RXEN = 1, BADCRC = 1 << 3, RSTFIFO = 1 << 4 };             /* MACRCTL */
enum { TXEN = 1, PADEN = 1 << 1, CRC = 1 << 2, DUPLEX = 1 << 4 }; /* MACTCTL */
enum { NEWTX = 1 };
enum { WHOLE_FRAME = 0x3F }; /* MACTHR: begin when MACTR says so */
enum { LENGTH_AND_CRC = 6, HEADER = 14, LONGEST = ETH_MTU + HEADER + LENGTH_AND_CRC };

/* The frame that is being received: its first word, words left to take. */
static uint32_t first;
static bool first_is_next;
static size_t left;

/* The frame that is being sent: what goes into its first word. */
static bool length_is_next;
static size_t payload;

bool eth_mac(uint8_t mac[6]) {
    uint32_t low = USER_REG0, high = USER_REG1;
    for (int i = 0; i < 3; i++) {
        mac[i] = (uint8_t)(low >> 8 * i);
        mac[i + 3] = (uint8_t)(high >> 8 * i);
    }
    return low != UINT32_MAX && high != UINT32_MAX && (low | high) != 0;
}

void eth_start(const uint8_t mac[6]) {
    MACIM = 0;
    MACRCTL = RSTFIFO;
    MACRCTL = 0;
    MACIACK = ALL_INTERRUPTS;
    MACIA0 =
        (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
    MACIA1 = (uint32_t)mac[4] | (uint32_t)mac[5] << 8;
    MACTHR = WHOLE_FRAME;
    MACTCTL = DUPLEX | CRC | PADEN | TXEN;
    MACRCTL = BADCRC | RXEN;
    MACIM = RXINT;
}

void eth_interrupt(void) {
    cpu_event = true;
    MACIM = 0; /* until the loop has looked */
}

bool eth_link(void) {
    return true;
}

size_t eth_receive(void) {
    MACIACK = RXINT;
    MACIM = RXINT;
    if (MACNP == 0) {
        return 0;
    }
    first = MACDATA;
    first_is_next = true;
    size_t length = first & 0xFFFF;
    if (length < LENGTH_AND_CRC + HEADER || length > LONGEST) { /* out of step: begin anew */
        MACRCTL = RSTFIFO | BADCRC | RXEN;
        MACRCTL = BADCRC | RXEN;
        return 0;
    }
    left = (length + 3) / 4;
    return length - LENGTH_AND_CRC + ETH_PAD;
}

static uint32_t next_word(void) {
    left--;
    if (first_is_next) {
        first_is_next = false;
        return first;
    }
    return MACDATA;
}

void eth_take(uint32_t *words, size_t count) {
    while (count-- > 0) {
        *words++ = next_word();
    }
}

void eth_drop(void) {
    while (left > 0) {
        (void)next_word();
    }
}

bool eth_send(size_t len) {
    payload = len - ETH_PAD - HEADER;
    length_is_next = true;
    return (MACTR & NEWTX) == 0;
}

void eth_put(uint32_t word) {
    if (length_is_next) {
        word = (word & 0xFFFF0000u) | payload;
        length_is_next = false;
    }
    MACDATA = word;
}

void eth_sent(void) {
    MACTR = NEWTX;
}
