/*
 * lan9118.c - eth.h on SMSC's LAN9118 [SMSC LAN9118 data sheet]. It takes and gives frames at an
 * offset of two bytes by itself. Its PHY tells whether the cable is plugged in.
 */
#include "eth.h"

#include "../cm3/cpu.h"

#define BASE 0x40200000u
#define RX_DATA_FIFO REGISTER(BASE + 0x00)
#define TX_DATA_FIFO REGISTER(BASE + 0x20)
#define RX_STATUS_FIFO REGISTER(BASE + 0x40)
#define TX_STATUS_FIFO REGISTER(BASE + 0x48)
#define IRQ_CFG REGISTER(BASE + 0x54)
#define INT_STS REGISTER(BASE + 0x58)
#define INT_EN REGISTER(BASE + 0x5C)
#define FIFO_INT REGISTER(BASE + 0x68)
#define RX_CFG REGISTER(BASE + 0x6C)
#define TX_CFG REGISTER(BASE + 0x70)
#define HW_CFG REGISTER(BASE + 0x74)
#define RX_FIFO_INF REGISTER(BASE + 0x7C)
#define TX_FIFO_INF REGISTER(BASE + 0x80)
#define MAC_CSR_CMD REGISTER(BASE + 0xA4)
#define MAC_CSR_DATA REGISTER(BASE + 0xA8)

enum { IRQ_EN = 1 << 8, IRQ_POL = 1 << 4, IRQ_PUSH_PULL = 1 };      /* IRQ_CFG */
enum { RSFL = 1 << 3 };                                             /* INT_STS, INT_EN */
enum { TX_ON = 1 << 1 };                                            /* TX_CFG */
enum { SRST = 1, TX_FIF_SZ_5_KB = 5 << 16, MUST_BE_ONE = 1 << 20 }; /* HW_CFG */
enum { RXDOFF_2 = ETH_PAD << 8 };                                   /* RX_CFG */
enum { FIRST = 1 << 13, LAST = 1 << 12, OFFSET_2 = ETH_PAD << 16 }; /* TX command A */
#define CSR_BUSY 0x80000000u                                        /* MAC_CSR_CMD */
#define CSR_READ 0x40000000u
enum { MAC_CR = 1, ADDRH = 2, ADDRL = 3, MII_ACC = 6, MII_DATA = 7 };
enum { TXEN = 1 << 3, RXEN = 1 << 2 };  /* MAC_CR */
enum { PHY_1 = 1 << 11, MII_BUSY = 1 }; /* MII_ACC */
enum { PHY_BMSR = 1, LINK = 1 << 2 };
enum { CRC = 4, COMMANDS = 8 };

static size_t left; /* words of the frame in hand */

static uint32_t csr_read(uint32_t index) {
    MAC_CSR_CMD = CSR_BUSY | CSR_READ | index;
    while ((MAC_CSR_CMD & CSR_BUSY) != 0) {
    }
    return MAC_CSR_DATA;
}

static void csr_write(uint32_t index, uint32_t value) {
    MAC_CSR_DATA = value;
    MAC_CSR_CMD = CSR_BUSY | index;
    while ((MAC_CSR_CMD & CSR_BUSY) != 0) {
    }
}

static uint32_t phy_read(uint32_t index) {
    csr_write(MII_ACC, PHY_1 | index << 6 | MII_BUSY);
    while ((csr_read(MII_ACC) & MII_BUSY) != 0) {
    }
    return csr_read(MII_DATA);
}

/* The controller reads its own from an EEPROM at reset. */
bool eth_mac(uint8_t mac[6]) {
    uint32_t low = csr_read(ADDRL), high = csr_read(ADDRH);
    for (int i = 0; i < 4; i++) {
        mac[i] = (uint8_t)(low >> 8 * i);
    }
    mac[4] = (uint8_t)high;
    mac[5] = (uint8_t)(high >> 8);
    return low != UINT32_MAX;
}

void eth_start(const uint8_t mac[6]) {
    HW_CFG = SRST;
    while ((HW_CFG & SRST) != 0) {
    }
    HW_CFG = MUST_BE_ONE | TX_FIF_SZ_5_KB;
    csr_write(ADDRL, (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 |
                         (uint32_t)mac[3] << 24);
    csr_write(ADDRH, (uint32_t)mac[4] | (uint32_t)mac[5] << 8);
    RX_CFG = RXDOFF_2;
    FIFO_INT = 0; /* an interrupt for the first status */
    INT_STS = UINT32_MAX;
    IRQ_CFG = IRQ_EN | IRQ_POL | IRQ_PUSH_PULL; /* the reset has undone it */
    TX_CFG = TX_ON;
    csr_write(MAC_CR, TXEN | RXEN);
    INT_EN = RSFL;
}

/* Out of reset its line is active low, and so interrupts before eth_start() says otherwise. */
void eth_interrupt(void) {
    cpu_event = true;
    IRQ_CFG = IRQ_EN | IRQ_POL | IRQ_PUSH_PULL;
    INT_EN = 0; /* until the loop has looked */
}

bool eth_link(void) {
    return (phy_read(PHY_BMSR) & LINK) != 0;
}

size_t eth_receive(void) {
    INT_STS = RSFL;
    INT_EN = RSFL;
    if ((RX_FIFO_INF >> 16 & 0xFF) == 0) {
        return 0;
    }
    size_t length = RX_STATUS_FIFO >> 16 & 0x3FFF; /* with CRC, without padding */
    left = (length + ETH_PAD + 3) / 4;
    return length - CRC + ETH_PAD;
}

void eth_take(uint32_t *words, size_t count) {
    for (; count > 0; count--, left--) {
        *words++ = RX_DATA_FIFO;
    }
}

void eth_drop(void) {
    for (; left > 0; left--) {
        (void)RX_DATA_FIFO;
    }
}

bool eth_send(size_t len) {
    while ((TX_FIFO_INF >> 16 & 0xFF) > 0) {
        (void)TX_STATUS_FIFO; /* nobody asks how it went */
    }
    if ((TX_FIFO_INF & 0xFFFF) < len + COMMANDS) {
        return false;
    }
    TX_DATA_FIFO = OFFSET_2 | FIRST | LAST | (uint32_t)(len - ETH_PAD);
    TX_DATA_FIFO = (uint32_t)(len - ETH_PAD);
    return true;
}

void eth_put(uint32_t word) {
    TX_DATA_FIFO = word;
}

void eth_sent(void) {
    /* The last word has done it. */
}
